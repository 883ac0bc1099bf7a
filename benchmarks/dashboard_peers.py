"""TensorBoard, trackio and MLflow beside Epochal: the same actions on the same numbers, told from pictures of the page.

Each peer is served by its own environment. What a peer has not drawn, or has no such action for, is said in its row.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager

import dashboard_data
from dashboard_browser import blank, coloured, longest, pictured
from dashboard_ours import GO, api, served

CHARTS = {"x": 420, "y": 150, "width": 1000, "height": 740}
ALONE = {"x": 0, "y": 180, "width": 1440, "height": 720}


@contextmanager
def process(command, port, environment=None):
    """Run a peer's server until the block ends; give when it was started, once it answers."""
    since = time.time()
    found = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).read(10)
                break
            except OSError:
                if found.poll() is not None or time.time() - since > 120:
                    raise RuntimeError(f"{command[0]} does not answer") from None
                time.sleep(0.05)
        yield since
    finally:
        os.killpg(found.pid, 15)  # the group is of its own
        found.wait(30)


def free():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def ours(browser, folder):
    with blank(browser) as page, served(folder, "a") as (link, since):
        page.evaluate("window.benchWatch = 'nothing'")
        page.goto(link + "&view=charts", wait_until="commit")
        yield "start to the first charts", pictured(page, since, ALONE), ""
    with served(folder, "a") as (link, _):
        key = api(browser, link, "/api/runs/query", {"columns": [], "search": "big-0", "limit": 5})["keys"][0]
        for what, show in (("the run of 100,000 steps x 5", key), ("all runs", "all")):
            with blank(browser) as page:
                begun = time.time()
                page.goto(f"{link}&view=charts&show={show}", wait_until="commit")
                # one run alone may have the palette's slate: it counts as little coloured
                found = pictured(page, begun, ALONE, least=60)
                page.wait_for_timeout(500)
                yield what, found, f"longest task {longest(page)[0]:.0f} ms"
        for what, show in (("the run of 100,000 steps x 5", key), ("all runs", "all")):
            with blank(browser) as page:
                # a search that nothing matches: no run is drawn
                page.goto(f"{link}&view=charts&q=nothing")
                page.wait_for_timeout(4000)
                before, _ = coloured(page, ALONE)
                took = pictured(page, page.evaluate(GO, f"view=charts&show={show}"), ALONE, before, least=60)
                yield f"{what}, in the open page", took, f"longest task {longest(page)[0]:.0f} ms"


def tensorboard(browser, folder, python):
    port = free()
    with process(
        [python, "-m", "tensorboard.main", "--logdir", str(folder / "tensorboard"), "--port", str(port)], port
    ) as since:
        yield "start to an answer", (time.time() - since) * 1e3, "no run is selected above 500"
        for what, name in (("the run of 100,000 steps x 5", "big"), ("all runs", "")):
            with blank(browser) as page:
                page.goto(f"http://127.0.0.1:{port}/#timeseries")
                page.wait_for_selector("runs-data-table mat-checkbox, tb-data-table mat-checkbox")
                if name:
                    page.get_by_role("textbox", name="Filter runs (regex)").press_sequentially(name)
                page.wait_for_timeout(4000)
                before, _ = coloured(page, CHARTS)
                box = page.locator("tb-data-table-header-cell mat-checkbox, tb-data-table mat-checkbox").first
                begun = time.time()
                box.click()
                yield (
                    f"{what}, in the open page",
                    pictured(page, begun, CHARTS, before),
                    f"longest task {longest(page)[0]:.0f} ms",
                )


def trackio(browser, folder, python):
    port = free()
    environment = {
        "TRACKIO_DIR": str(folder / "trackio"),
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    command = [str(python).replace("/python", "/trackio"), "show", "--project", "bench"]
    with process(command, port, environment) as since, blank(browser) as page:
        yield "start to an answer", (time.time() - since) * 1e3, ""
        begun = time.time()
        page.goto(f"http://127.0.0.1:{port}/?project=bench", wait_until="commit")
        yield "all runs", pictured(page, begun, CHARTS, limit=120, quiet=3.0), f"longest task {longest(page)[0]:.0f} ms"


def mlflow(browser, folder, python):
    port = free()
    store = f"sqlite:///{folder}/mlflow/mlflow.db"
    command = [python, "-m", "mlflow", "server", "--backend-store-uri", store, "--port", str(port), "--workers", "1"]
    found = "import mlflow, sys; c = mlflow.MlflowClient(tracking_uri=sys.argv[1]);"
    found += " print(c.search_runs(['1'], \"attributes.run_name = 'big'\")[0].info.run_id)"
    run = subprocess.run([python, "-c", found, store], capture_output=True, text=True, check=True).stdout.split()[-1]
    with process(command, port) as since:
        yield "start to an answer", (time.time() - since) * 1e3, ""
        for what, place in (
            ("the run of 100,000 steps x 5", f"experiments/1/runs/{run}/model-metrics"),
            ("all runs", "experiments/1/runs?compareRunsMode=CHART"),
        ):
            with blank(browser) as page:
                begun = time.time()
                page.goto(f"http://127.0.0.1:{port}/#/{place}", wait_until="commit")
                yield (
                    what,
                    pictured(page, begun, CHARTS, quiet=3.0),
                    "it draws the first 10 runs" if what == "all runs" else "some 320 points of a line",
                )


PEERS = {"tensorboard": tensorboard, "trackio": trackio, "mlflow": mlflow}


def beside(browser, folder, environments):
    """Print what each peer took, with the ratio to ours; return the number of faults."""
    print("\n| set A | action | ms | x ours | remark |\n| --- | --- | ---: | ---: | --- |", flush=True)
    mine, faults = {}, 0
    for what, took, remark in ours(browser, folder):
        mine[what] = took
        print(f"| ours | {what} | {took:.0f} | 1 | {remark}; load {os.getloadavg()[0]:.1f} |", flush=True)
    mine["start to an answer"] = mine["start to the first charts"]
    for name, drive in PEERS.items():
        python = dashboard_data.python_of(environments, name)
        if python is None:
            print(f"| {name} | | | | no environment {environments}/{name} |")
            continue
        try:
            wrote = dashboard_data.theirs(folder, name, python)
            for what, took, remark in drive(browser, folder, python):
                load = f"load {os.getloadavg()[0]:.1f}"
                print(
                    f"| {name} | {what} | {took:.0f} | {took / mine[what]:.1f} | {wrote}; {remark}; {load} |",
                    flush=True,
                )
        except TimeoutError as error:
            print(f"| {name} | | | | nothing was drawn: {error} |", flush=True)
        except Exception as error:  # a peer that cannot be driven is a fault, and the others are measured
            faults += 1
            shutil.rmtree(folder / name, ignore_errors=True) if not (folder / f"{name}.txt").exists() else None
            print(f"| {name} | | | | could not be driven: {str(error).splitlines()[0][:200]} |", flush=True)
    print("\n10,000 runs and 10,000,000 points were not tried on the peers: writing them there takes too long.")
    return faults
