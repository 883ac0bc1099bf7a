"""A Keras training on whichever backend is there, recorded by passing a callback."""

from __future__ import annotations

import keras

import epochal
from epochal.demo import data, options
from epochal_keras import EpochalCallback

BATCH = 64


def main() -> None:
    """Read the command line and train."""
    parser = options.parser("epochal.demo.train_keras", __doc__, steps=276)
    told = parser.parse_args()
    keras.utils.set_random_seed(0)
    split = data.load()
    model = keras.Sequential(
        [
            keras.layers.Input(split.x.shape[1:]),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(split.classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    with epochal.init("demo", id=told.id, name=told.name, group=told.group) as run:
        model.fit(
            split.x,
            split.y,
            batch_size=BATCH,
            epochs=max(1, told.steps * BATCH // len(split.x)),
            validation_data=(split.val_x, split.val_y),
            callbacks=[EpochalCallback(run)],
            verbose=0,
        )


if __name__ == "__main__":
    main()
