"""A model that the Hugging Face cache holds is served by its id; one that it lacks is not looked for elsewhere."""

import pytest

import embd_process
import tiny_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"


def fill_cache(cache, name="org/tiny", commit=COMMIT, refs=("main",), leave_out=()):
    """Lays out the cache as huggingface_hub does: links in snapshots/ to files in blobs/."""
    home = cache / f"models--{name.replace('/', '--')}"
    source = cache.parent / f"source-{commit}"
    if not source.exists():
        tiny_model.write(source, embd_process.MODEL / "tokenizer.json")
    for number, path in enumerate(sorted(p for p in source.rglob("*") if p.is_file())):
        relative = path.relative_to(source)
        if str(relative) in leave_out:
            continue
        blob = home / "blobs" / f"{commit[:8]}{number:04}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        path.rename(blob)
        link = home / "snapshots" / commit / relative
        link.parent.mkdir(parents=True, exist_ok=True)
        up = "/".join([".."] * (2 + len(relative.parts) - 1))
        link.symlink_to(f"{up}/blobs/{blob.name}")
        assert link.resolve() == blob.resolve()
    for ref in refs:
        path = home / "refs" / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(commit)
    return home


def settings(cache):
    return {
        "flag": (["--huggingface-hub-cache", cache], {}),
        "HUGGINGFACE_HUB_CACHE": ([], {"HUGGINGFACE_HUB_CACHE": str(cache)}),
        "HF_HUB_CACHE": ([], {"HF_HUB_CACHE": str(cache)}),
        "HF_HOME": ([], {"HF_HOME": str(cache.parent)}),
    }


@pytest.mark.parametrize("how", ["flag", "HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE", "HF_HOME"])
def test_cached_model_is_served_by_its_id(launcher, tmp_path, how):
    cache = tmp_path / "hf" / "hub"
    fill_cache(cache)
    args, env = settings(cache)[how]
    process = launcher.serve(*args, env=env, model="org/tiny")
    info = process.get("/info").json()
    assert (info["model_id"], info["model_sha"]) == ("org/tiny", None)
    assert len(process.embed("x")[0]) == tiny_model.HIDDEN


def test_default_place_of_the_cache(launcher, tmp_path):
    # The launcher's home is the folder of its first run.
    fill_cache(tmp_path / "embd" / "run-0" / ".cache" / "huggingface" / "hub")
    assert launcher.serve(model="org/tiny").embed("x")


def test_id_without_an_organisation(launcher, tmp_path):
    fill_cache(tmp_path / "hub", name="tiny")
    assert launcher.serve("--huggingface-hub-cache", tmp_path / "hub", model="tiny").embed("x")


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/3", "feature/x"])
def test_named_revision(launcher, tmp_path, revision):
    fill_cache(tmp_path / "hub", commit=OTHER, refs=())
    fill_cache(tmp_path / "hub", refs=(revision,))
    process = launcher.serve("--huggingface-hub-cache", tmp_path / "hub", "--revision", revision, model="org/tiny")
    assert process.get("/info").json()["model_sha"] == revision


def test_commit_as_revision_needs_no_ref(launcher, tmp_path):
    fill_cache(tmp_path / "hub", refs=())
    process = launcher.serve("--huggingface-hub-cache", tmp_path / "hub", "--revision", COMMIT, model="org/tiny")
    assert process.get("/info").json()["model_sha"] == COMMIT


def refused(launcher, *args, **options):
    process = launcher.launch(*args, **options)
    assert process.wait_exit() == 1
    lines = process.err().strip().splitlines()
    assert len(lines) == 1, process.output()
    return lines[0]


def test_model_that_is_not_cached(launcher, tmp_path):
    line = refused(launcher, "--huggingface-hub-cache", tmp_path / "hub", model="org/absent")
    assert "org/absent" in line and str(tmp_path / "hub") in line
    # What to do about it is said, too.
    assert "(" in line and "download" in line.lower()


def test_revision_that_is_not_cached(launcher, tmp_path):
    fill_cache(tmp_path / "hub")
    line = refused(launcher, "--huggingface-hub-cache", tmp_path / "hub", "--revision", "v9", model="org/tiny")
    assert "v9" in line


def test_snapshot_that_lacks_a_file(launcher, tmp_path):
    fill_cache(tmp_path / "hub", leave_out=("model.safetensors",))
    line = refused(launcher, "--huggingface-hub-cache", tmp_path / "hub", model="org/tiny")
    assert "model.safetensors" in line


def test_blob_that_is_gone(launcher, tmp_path):
    home = fill_cache(tmp_path / "hub")
    (home / "snapshots" / COMMIT / "model.safetensors").resolve().unlink()
    line = refused(launcher, "--huggingface-hub-cache", tmp_path / "hub", model="org/tiny")
    assert "model.safetensors" in line


@pytest.mark.parametrize("name", ["../../etc", "org/../../x", "a/b/c", "/nowhere/at/all", "org/", ""])
def test_ids_that_are_none(launcher, tmp_path, name):
    fill_cache(tmp_path / "hub")
    process = launcher.launch("--huggingface-hub-cache", tmp_path / "hub", model=name)
    assert process.wait_exit() in (1, 2)
    assert process.err()


def test_ref_that_points_out_of_the_cache(launcher, tmp_path):
    home = fill_cache(tmp_path / "hub")
    tiny_model.write(tmp_path / "outside", embd_process.MODEL / "tokenizer.json")
    (home / "refs" / "main").write_text("../../../outside")
    refused(launcher, "--huggingface-hub-cache", tmp_path / "hub", model="org/tiny")


def test_folder_of_that_name_comes_first(launcher, tmp_path, monkeypatch):
    """An existing folder is taken as it is, also when it looks like an id."""
    monkeypatch.chdir(tmp_path)
    tiny_model.write(tmp_path / "org" / "tiny", embd_process.MODEL / "tokenizer.json")
    assert launcher.serve(model="org/tiny").embed("x")
