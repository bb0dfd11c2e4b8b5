from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from gis.base.errors import GisError
from gis.intake.positions import gather
from gis.io.columns import recognise
from gis.io.reading import read_table
from gis.model.layers import layer_of
from gis.views.geodata import FORMATS
from tests.fixtures import intake
from tests.intake.test_importing import SAMPLES

ROUNDS = int(os.environ.get("GIS_FUZZ", "25"))
SEED = int(os.environ.get("GIS_SEED", "6"))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Data with some bytes changed, taken out or put in, or cut off."""
    found = bytearray(data)
    for _ in range(chance.choice([1, 2, 5, 20])):
        if not found:
            break
        at, way = chance.randrange(len(found)), chance.random()
        if way < 0.6:
            found[at] = chance.randrange(256)
        elif way < 0.75:
            del found[at : at + chance.randrange(1, 50)]
        elif way < 0.9:
            found[at:at] = chance.randbytes(chance.randrange(1, 20))
        else:
            del found[at:]
    return bytes(found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format_", FORMATS)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(format_: str, tmp_path: Path) -> None:
    chance = random.Random(f"{format_} {SEED}")
    (file,) = intake.write(tmp_path / "whole", layer_of("x", "zones", SAMPLES["zones"]), format_)
    mates = sorted(mate for mate in file.parent.iterdir() if mate.stem == file.stem)
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        for mate in mates:
            shutil.copyfile(mate, folder / mate.name)
        victim = folder / chance.choice(mates).name
        victim.write_bytes(damaged(victim.read_bytes(), chance))
        try:
            table = read_table(folder / file.name)
            gather(table, recognise(table.header, "zones", cut=table.cut_names), repair=False)
        except GisError as error:
            assert str(error)  # noqa: PT017  (either way of ending is right; a third one is the failure)
        shutil.rmtree(folder)
