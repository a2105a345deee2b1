"""The command line as its users meet it: help, exit codes, no traceback."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gateway import errors
from gateway.cli import main as cli_main
from gateway.cli.lazy import loading
from gateway.cli.main import COMMANDS, cli, main

EXIT_CODES = {
    errors.InputError: 1,
    errors.UsageError: 2,
    errors.LossRefused: 3,
    errors.ConfigurationError: 4,
    errors.PluginError: 4,
    errors.TransportError: 5,
    errors.LimitExceeded: 6,
    errors.NotAccepted: 7,
    errors.AnswerPending: 8,
    errors.GatewayError: 70,
}


def test_the_exit_codes_are_the_fixed_ones():
    classes = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert {cls: cls.exit_code for cls in classes} == EXIT_CODES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name):
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert f"gateway {name}" in result.output.split("Usage:")[1].split("\n", 1)[1], "no example"


def test_help_imports_no_command_and_no_heavy_library():
    code = (
        "import sys; from gateway.cli.main import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        "heavy = {'lxml', 'pydantic', 'sqlalchemy', 'dbos', 'paramiko', 'rich', 'gateway.convert'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["gateway", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    code = stop.value.code
    return (code if isinstance(code, int) else 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["convert", "no-such-file.csv", "--to", "epcis-1.2-xml"], 2, "error: there is no file no-such-file.csv"),
        (["convert", __file__, "--to", "epcis-1.3-xml"], 2, "did you mean 'epcis-1.2-xml'?"),
        (["convert", __file__], 2, "Missing option '--to'"),
        (["convert", __file__, "--to", "tr-pts", "--set", "x"], 2, "is no KEY=VALUE"),
        (["convert", __file__, "--to", "tr-pts", "--mapping", "no/such"], 2, "no/such"),
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["list", "rules", "NO-SUCH"], 2, "there is no rule 'NO-SUCH'"),
    ],
)
def test_wrong_usage_is_told_in_one_line(monkeypatch, capsys, arguments, code, text):
    got, err = run(monkeypatch, capsys, *arguments)
    assert text in err
    assert got == code
    assert "Traceback" not in err


def test_a_bug_of_ours_says_so_and_has_its_own_code(monkeypatch, capsys):
    monkeypatch.setitem(cli_main.COMMANDS, "list", ("gateway.cli", "no command in there"))
    got, err = run(monkeypatch, capsys, "list", "rules")
    assert got == 70
    assert "error: a bug in the gateway" in err


def test_list_says_what_a_transport_can_be_told():
    result = CliRunner().invoke(cli, ["list", "transports", "imap"])
    assert result.exit_code == 0, result.output
    assert "senders (required), trusted-results" in result.output


def test_garbage_is_collected_again_when_modules_are_loaded():
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
