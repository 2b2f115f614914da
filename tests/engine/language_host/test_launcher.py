import sys

import pytest


def first_line(process):
    """The port it printed, or the error line; ends it."""
    out, err = process.communicate(timeout=20)
    return (out or err).strip()


@pytest.mark.parametrize(
    "yaml",
    [
        "name: a\nruntime: {name: python, options: {virtualenv: .venv}}\n",
        "name: a\nruntime:\n  name: python\n  options:\n    virtualenv: .venv\n",
        "name: a\nruntime:\n  name: python\n  options:\n    # virtualenv: other\n    virtualenv: '.venv'  # ours\n",
        'name: a\nruntime: {"name": "python", "options": {"virtualenv": ".venv"}}\n',
        'name: a\nruntime: { name: python, options: { virtualenv: ".venv", toolchain: pip } }\n',
    ],
)
def test_the_python_is_the_one_that_pulumi_yaml_names(project, own_virtualenv, yaml):
    (project.folder / "Pulumi.yaml").write_text(yaml)

    assert first_line(project.start()).isdigit()


def test_pulumi_yaml_is_looked_for_above_the_programs_folder(project, own_virtualenv):
    deep = project.folder / "a" / "b c"
    deep.mkdir(parents=True)

    assert first_line(project.start(cwd=deep)).isdigit()


def test_without_the_option_it_is_the_active_virtualenv(project):
    (project.folder / "Pulumi.yaml").write_text("name: a\nruntime: python\n")

    assert first_line(project.start(VIRTUAL_ENV=sys.prefix)).isdigit()


@pytest.mark.parametrize(
    ("yaml", "changes", "named"),
    [
        ("name: a\nruntime: {name: python, options: {virtualenv: gone}}\n", {}, "gone/bin/python"),
        ("name: a\nruntime: python\n", {"VIRTUAL_ENV": "/gone"}, "/gone/bin/python"),
        ("name: a\nruntime: python\n", {"PATH": "/bin-without-python"}, "python3 on PATH"),
    ],
)
def test_no_python_is_one_line_that_names_it(project, yaml, changes, named):
    (project.folder / "Pulumi.yaml").write_text(yaml)
    if "PATH" in changes:
        bare = project.folder / "bare"
        bare.mkdir()
        (bare / "sed").symlink_to("/bin/sed")
        changes = {"PATH": str(bare)}

    process = project.start(**changes)
    line = first_line(process)

    assert process.returncode == 1
    assert "\n" not in line
    assert named in line


def test_a_python_without_the_sdk_is_one_line_that_names_it(project):
    empty = project.folder / "empty" / "bin"
    empty.mkdir(parents=True)
    (empty / "python").write_text(f'#!/bin/sh\nexec {sys._base_executable} -S "$@"\n')
    (empty / "python").chmod(0o755)
    (project.folder / "Pulumi.yaml").write_text("name: a\nruntime: {name: python, options: {virtualenv: empty}}\n")

    process = project.start()
    line = first_line(process)

    assert process.returncode == 1
    assert "\n" not in line
    assert "no Pulumi SDK in" in line
