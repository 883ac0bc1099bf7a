// Sets the theme before anything is painted; a classic script in the head, so that no page ever flashes.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("epochal.theme");
  } catch (error) {
    // storage is refused: the system's theme it is
  }
  var dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
