"""The small language host `pulumi-language-python`, which the engine starts to run a Python program.

It is beside a Pulumi CLI that was built from its Go module, which has none. `launcher.sh` picks the
interpreter, `__main__` starts the server, `service` answers the engine, `program` knows the program's virtualenv.
`tee_infra.engine.install_language_host` packs these modules into one file, so they import nothing else of this package.
"""
