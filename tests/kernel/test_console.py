"""Commands say what they do where it belongs, and end with words where something can be put right."""

from __future__ import annotations

import pytest

from kernel.console import err, failing, print_table, progress_bar, remark
from kernel.errors import LiukeError, ModelDamaged


def test_an_error_ends_the_command_with_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, failing():
        raise ModelDamaged("models/3 was altered [/red]: use models/2")
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert said.err == "models/3 was altered [/red]: use models/2\n"
    assert said.out == ""


def test_a_file_that_cannot_be_read_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), failing():
        open("nowhere.csv")  # noqa: PTH123, SIM115 - the error is what is tested
    assert "nowhere.csv can't be read or written: No such file" in capsys.readouterr().err


def test_a_mistake_of_the_program_stays_one() -> None:
    with pytest.raises(ZeroDivisionError), failing():
        _ = 1 // 0


def test_each_step_is_a_line_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    assert not err.is_terminal
    with progress_bar() as show:
        for share in (0.0, 0.25, 0.5):
            show("reading [bold]", share)
        show("fitting", 0.75)
    assert capsys.readouterr().err.split("\n") == ["    0%  reading [bold]", "   75%  fitting", ""]


def test_what_people_wrote_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    remark("a label [/vip] :heart:")
    print_table("", ["label"], [["[bold]tea"]])
    said = capsys.readouterr()
    assert said.err == "a label [/vip] :heart:\n"
    assert "[bold]tea" in said.out
    assert issubclass(ModelDamaged, LiukeError)
