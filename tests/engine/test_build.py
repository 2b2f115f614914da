from tee_infra.engine.build import linker_flags, tally
from tee_infra.engine.pins import MODULE, built_version, fingerprint


def test_downloads_and_compiled_packages_are_counted_apart():
    lines = ["go: downloading a v1\n", "go: downloading b v2\n", "fmt\n", "example.com/a\n", "go: warning\n"]

    assert tally(lines) == "2 modules downloaded, 2 packages compiled"


def test_the_version_comes_from_go_mod_alone():
    assert f"github.com/pulumi/pulumi/pkg/v3 v{built_version()}" in (MODULE / "go.mod").read_text()
    assert linker_flags("1.2.3").endswith("version.Version=v1.2.3")


def test_the_cli_and_the_sdk_whose_executor_is_copied_have_one_version():
    assert f"github.com/pulumi/pulumi/sdk/v3 v{built_version()}" in (MODULE / "go.mod").read_text()


def test_the_fingerprint_is_that_of_the_module_files():
    assert len(fingerprint()) == 64
    assert fingerprint() == fingerprint()
