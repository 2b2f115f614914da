#!/bin/sh
# The engine starts this in the program's directory. It looks for the Python that has the program's Pulumi SDK:
# the `virtualenv` of the nearest Pulumi.yaml, else the active virtualenv, else `python3` on PATH.
# A shell script, because no Python can be named in `#!` that is there for every project and survives upgrades.

here=${0%/*}

project=$PWD
while [ -n "$project" ] && [ ! -f "$project/Pulumi.yaml" ]; do project=${project%/*}; done

virtualenv=
if [ -n "$project" ]; then
    # Block style (`virtualenv: .venv`) and flow style (`{name: python, options: {virtualenv: .venv}}`), quoted or not.
    virtualenv=$(sed -n -e '/^[[:space:]]*#/d' -e 's/[[:space:]]#.*//' \
        -e "s/.*virtualenv[\"']\{0,1\}[[:space:]]*:[[:space:]]*[\"']\{0,1\}\([^\"',}]*\).*/\1/p" "$project/Pulumi.yaml" |
        sed -e 's/[[:space:]]*$//' -e q)
fi

if [ -n "$virtualenv" ]; then
    case $virtualenv in
        /*) python=$virtualenv/bin/python ;;
        *) python=$project/$virtualenv/bin/python ;;
    esac
    why="\`virtualenv\` in $project/Pulumi.yaml names it: create that virtualenv with the pulumi package in it"
elif [ -n "$VIRTUAL_ENV" ]; then
    python=$VIRTUAL_ENV/bin/python
    why="VIRTUAL_ENV names it: deactivate that virtualenv or create it again"
else
    python=$(command -v python3)
    why="set \`virtualenv\` under runtime options in Pulumi.yaml, or put python3 on PATH"
fi

if [ ! -x "$python" ]; then
    echo "pulumi-language-python: no Python at '$python' ($why)" >&2
    exit 1
fi
exec "$python" "$here/pulumi-language-python.pyz" "$@"
