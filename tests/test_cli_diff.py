"""`metricast diff`: what it says about a change, where it reads the versions from, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduler.cli.diff import EXIT_MEANING
from tests.cli_project import MODEL, ROWS, make_project, run
from tests.git_project import commit, edit, git, needs_git, start

pytestmark = needs_git

EXPORT = """
exports:
  weekly:
    queries:
      money: {metrics: [spend, events], by: [week]}
      people: {metrics: [active_users], by: [gender]}
    to: [{excel: {path: drops/weekly.xlsx}}]
"""
ROOT = Path(__file__).resolve().parents[1]
NOW = ("--as-of", "2025-03-01")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A project with an export, committed."""
    folder = make_project(tmp_path / "repo", MODEL, ROWS)
    (folder / "metrics" / "exports.yml").write_text(EXPORT, encoding="utf-8")
    return start(folder)


def change(repo: Path, old: str, new: str) -> None:
    edit(repo / "metrics" / "model.yml", old, new)


def report(repo: Path, *arguments: str, status: int = EXIT_MEANING) -> str:
    done = run("diff", *arguments, "--project", repo)
    assert done.exit_code == status, done.output
    return done.stdout


def document(repo: Path, *arguments: str, status: int = EXIT_MEANING) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report(repo, *arguments, "--format", "json", status=status))
    return found


def refused(repo: Path, *arguments: str) -> str:
    done = run("diff", *arguments, "--project", repo)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr


# --- what is said ------------------------------------------------------------


def test_nothing_has_changed(repo: Path) -> None:
    first, second = report(repo, status=0).splitlines()
    assert first.startswith("HEAD (")
    assert second == "no metric changes in meaning"


def test_a_change_is_told_with_its_causes_and_what_it_touches(repo: Path) -> None:
    change(repo, "expr: amount", "expr: amount * 2")
    shown = report(repo).splitlines()
    assert shown[1:] == [
        "metrics: 1 changed in meaning, 1 through what they are made of; 1 export touched",
        "",
        "changed in meaning",
        "  spend",
        "    was         sum(amount) over events",
        "    is          sum(amount * 2) over events",
        "    differs     everywhere",
        "    because of  its own definition (expr)",
        "",
        "changed through what they are made of",
        "  spend_per_user",
        "    differs     everywhere",
        "    because of  metric spend (expr)",
        "",
        "exports",
        "  weekly",
        "    it           delivers other numbers",
        "    query money  spend",
    ]


def test_a_cut_is_named(repo: Path) -> None:
    change(repo, "gender: {label: Gender}", "gender: {expr: upper(gender)}")
    shown = report(repo)
    assert "only when cut by users.gender" in shown
    assert "dimension users.gender (expr)" in shown
    assert "query people  active_users" in shown
    assert "query money" not in shown


def test_words_alone_are_no_change(repo: Path) -> None:
    change(repo, "label: Events, format: integer", "label: All events, format: number")
    change(repo, "expr: amount", "expr: ' amount '")
    shown = report(repo, status=0)
    assert "label   Events → All events" in shown
    assert document(repo, status=0)["meaning_changed"] is False


def test_a_key_that_the_definition_does_not_show_is_shown(repo: Path) -> None:
    change(repo, "expr: amount}", "expr: amount, empty: 0}")
    shown = report(repo)
    assert "    is          sum(amount) over events\n" in shown
    assert "    empty       nothing → 0\n" in shown


def test_a_file_that_moves_changes_nothing(repo: Path) -> None:
    (repo / "metrics" / "deep").mkdir()
    (repo / "metrics" / "model.yml").rename(repo / "metrics" / "deep" / "other.yaml")
    assert "no metric changes in meaning" in report(repo, status=0)


def test_additions_are_no_change_in_meaning(repo: Path) -> None:
    change(repo, "  spend: {", "  new: {dataset: notes, agg: count}\n  spend: {")
    shown = report(repo, status=0)
    assert "metrics: 1 added" in shown
    assert "  metric new\n    is  count(rows) over notes" in shown


def test_a_renamed_metric_is_recognised(repo: Path) -> None:
    text = (repo / "metrics" / "model.yml").read_text()
    (repo / "metrics" / "model.yml").write_text(text.replace("active_users", "actives"))
    edit(repo / "metrics" / "exports.yml", "active_users", "actives")
    shown = report(repo)
    assert "renamed\n  actives\n    was  active_users\n" in shown
    assert "  weekly\n    it  is edited\n" in shown


def test_a_removed_metric_is_a_change(repo: Path) -> None:
    change(repo, "  spend_per_user: {type: ratio, numerator: spend, denominator: active_users}\n", "")
    assert "removed\n  metric spend_per_user\n    is  spend / active_users\n" in report(repo)


def test_settings_are_told(repo: Path) -> None:
    edit(repo / "metrics" / "project.yml", "name: tiny", "name: tiny\nweek_start: sunday")
    shown = report(repo)
    assert "only when cut by week" in shown
    assert "setting week_start: monday → sunday" in shown
    assert "query money" in shown
    assert "query people" not in shown


def test_exports_that_come_and_go_are_told(repo: Path) -> None:
    edit(repo / "metrics" / "exports.yml", "  weekly:", "  monthly:")
    found = document(repo, status=0)["exports"]
    assert [(each["name"], each["status"]) for each in found] == [("monthly", "added"), ("weekly", "removed")]


def test_an_order_that_decides_which_rows_an_export_has_is_a_change(repo: Path) -> None:
    (repo / "metrics" / "tiers.yml").write_text(
        """
datasets:
  tiers: {sql: "SELECT 'gold' AS tier", primary_key: tier, dimensions: {tier: {type: string, values: [gold, silver]}}}
metrics:
  tiers: {dataset: tiers, agg: count}
exports:
  top: {queries: {first: {metrics: [tiers], by: [tier], limit: 1}}, to: [{excel: {path: drops/top.xlsx}}]}
""",
        encoding="utf-8",
    )
    commit(repo)
    edit(repo / "metrics" / "tiers.yml", "[gold, silver]", "[silver, gold]")
    text = report(repo)
    assert "no metric changes in meaning; 1 export touched" in text
    assert "query first  what it is cut, filtered or ordered by" in text
    assert document(repo)["meaning_changed"] is True
    edit(repo / "metrics" / "tiers.yml", ", limit: 1", "")
    commit(repo)
    edit(repo / "metrics" / "tiers.yml", "[silver, gold]", "[gold, silver]")
    assert "no metric changes in meaning" in report(repo, status=0)


def test_markdown_is_for_a_comment(repo: Path) -> None:
    change(
        repo,
        "{dataset: events, agg: sum, expr: amount}",
        "{dataset: events, agg: sum, expr: amount, filter: \"kind = '`|'\"}",
    )
    shown = report(repo, "--format", "markdown")
    assert shown.startswith("### Metrics: 1 changed in meaning, 1 through what they are made of; 1 export touched\n")
    assert "- `spend`\n" in shown
    assert "  - is: `` sum(amount) over events where kind = '`|' ``\n" in shown


def test_json_has_it_all(repo: Path) -> None:
    change(repo, "table: users,", "table: people,")
    found = document(repo)
    assert found["meaning_changed"] is True
    assert {each["name"] for each in found["changed"]} == {"events", "active_users", "spend", "spend_per_user"}
    assert found["changed"][0]["cuts"] == {
        "everything": False,
        "changed": ["users.gender", "users.user_id"],
        "lost": [],
    }
    assert found["altered"][0] == {
        "kind": "dataset",
        "name": "users",
        "keys": [{"key": "table", "old": "users", "new": "people"}],
    }


def test_many_metrics_are_not_printed_one_by_one(repo: Path) -> None:
    more = "".join(f"  more_{number}: {{dataset: notes, agg: count}}\n" for number in range(300))
    change(repo, "  spend: {", f"{more}  spend: {{")
    commit(repo)
    change(repo, "table: notes", "table: notes_2")
    assert len(report(repo).splitlines()) < 60
    assert len(document(repo)["changed"]) == 300


def test_names_and_texts_are_odd_and_shown_as_they_are(tmp_path: Path) -> None:
    model = """
datasets:
  größe: {table: '"odd; name"', primary_key: id, dimensions: {naïve: {expr: '"it''s"'}}}
metrics: {zähler: {dataset: größe, agg: count, label: "a \\e[31m“label”", filter: "naïve = 'it''s'"}}
"""
    folder = make_project(tmp_path / "prøject with 'quotes'", model, "SELECT 1")
    (folder / "metrics" / "model.yml").rename(folder / "metrics" / 'mödel "x".yml')
    start(folder)
    assert "no metric changes" in report(folder, status=0)
    edit(folder / "metrics" / 'mödel "x".yml', "[31m“label”", "[32m„label“")
    shown = report(folder, status=0)
    assert "a \\x1b[31m“label” → a \\x1b[32m„label“" in shown
    assert "\x1b" not in shown


# --- which versions ------------------------------------------------------------


def test_two_revisions_are_compared_whatever_lies_in_the_folder(repo: Path) -> None:
    git(repo, "tag", "v1")
    change(repo, "expr: amount", "expr: amount * 2")
    commit(repo)
    change(repo, "expr: amount * 2", "expr: [nonsense")
    assert "sum(amount * 2)" in report(repo, "v1", "--to", "main")
    assert report(repo, "v1", "--to", "HEAD~1", status=0).splitlines()[0].startswith("v1 (")


def test_what_is_staged_is_not_what_lies_in_the_folder(repo: Path) -> None:
    change(repo, "expr: amount", "expr: amount * 2")
    git(repo, "add", "-A")
    change(repo, "expr: amount * 2", "expr: amount * 3")
    assert "sum(amount * 2)" in report(repo, "--staged")
    assert "sum(amount * 3)" in report(repo)


def test_a_project_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    make_project(tmp_path / "deep" / "project", MODEL, ROWS)
    make_project(tmp_path / "other", MODEL.replace("expr: amount", "expr: other"), ROWS)
    start(tmp_path)
    folder = tmp_path / "deep" / "project"
    assert "no metric changes" in report(folder, status=0)
    change(folder, "expr: amount", "expr: amount * 2")
    assert "was         sum(amount) over events" in report(folder)
    git(tmp_path, "add", "-A")
    assert "sum(amount * 2)" in report(folder, "--staged")


def test_a_linked_working_tree_and_a_hook_s_environment(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = tmp_path / "linked"
    assert git(repo, "worktree", "add", "-q", str(linked)).returncode == 0
    change(linked, "expr: amount", "expr: amount * 2")
    monkeypatch.setenv("GIT_DIR", str(repo / ".git" / "nowhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert "sum(amount * 2)" in report(linked)


def test_line_ends_and_marks_of_windows_mean_nothing(repo: Path) -> None:
    path = repo / "metrics" / "model.yml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    commit(repo)
    assert "no metric changes" in report(repo, "HEAD~1", "--to", "HEAD", status=0)


# --- refusals ------------------------------------------------------------


def test_mistakes_in_the_folder_are_shown_at_their_places(repo: Path) -> None:
    change(repo, "numerator: spend", "numerator: spent")
    edit(repo / "metrics" / "exports.yml", "by: [gender]", "by: [gendre]")
    said = refused(repo)
    assert "metrics/model.yml:" in said
    assert "did you mean 'spend'?" in said
    assert "metrics/exports.yml:" in said
    assert "HEAD" not in said


def test_mistakes_at_the_revision_carry_it_before_the_file(repo: Path) -> None:
    change(repo, "numerator: spend", "numerator: spent")
    commit(repo)
    change(repo, "numerator: spent", "numerator: spend")
    said = refused(repo)
    assert "E624  the project in HEAD (" in said
    assert "HEAD:metrics/model.yml:" in said
    assert "did you mean 'spend'?" in said


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("mian", "did you mean 'main'?"),
        ("v9", "known: HEAD, "),
        ("HEAD~7", "E622  git knows no revision 'HEAD~7'"),
        ("-x", ""),
        ("", "E622"),
        ("HEAD:metrics", "E622"),
        ("'; touch x #", "E622"),
    ],
)
def test_an_unknown_revision(repo: Path, revision: str, words: str) -> None:
    done = run("diff", "--project", repo, "--", revision)
    assert done.exit_code == 1
    assert "E622" in done.stderr
    assert words in done.stderr


def test_a_revision_before_the_project_existed(repo: Path, tmp_path: Path) -> None:
    assert git(repo, "checkout", "-q", "--orphan", "empty").returncode == 0
    git(repo, "rm", "-rqf", "--cached", ".")
    git(repo, "commit", "-q", "--allow-empty", "-m", "nothing")
    assert "E623  there is no project in empty" in refused(repo, "empty", "--to", "main")


def test_no_commit_yet(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "new", MODEL, ROWS)
    git(folder, "init", "-q")
    assert "E622  the repository has no commit yet" in refused(folder)


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_project(tmp_path / "plain", MODEL, ROWS)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    said = refused(folder)
    assert "E621" in said
    assert "is not in a git repository" in said
    assert "E621" in refused(tmp_path / "nowhere")


def test_no_git(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo))
    assert "E620  git was not found" in refused(repo)


def test_a_shallow_clone_says_how_to_get_the_rest(repo: Path, tmp_path: Path) -> None:
    git(repo, "tag", "v1")
    change(repo, "expr: amount", "expr: amount * 2")
    commit(repo)
    clone = tmp_path / "clone"
    assert git(tmp_path, "clone", "-q", "--depth", "1", "--no-tags", repo.as_uri(), str(clone)).returncode == 0
    assert "git fetch --unshallow" in refused(clone, "v1")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_not_what_it_leads_to(repo: Path) -> None:
    (repo / "metrics" / "more.yml").symlink_to("model.yml")
    (repo / "metrics" / "notes.txt").symlink_to("nowhere")
    commit(repo)
    assert "E625  metrics/more.yml is a link" in refused(repo, "HEAD", "--to", "HEAD")


def test_a_conflict_is_to_be_resolved_first(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "other")
    change(repo, "expr: amount", "expr: amount * 2")
    commit(repo)
    git(repo, "checkout", "-q", "main")
    change(repo, "expr: amount", "expr: amount * 3")
    commit(repo)
    assert git(repo, "merge", "other").returncode != 0
    assert "E625  metrics/model.yml is in conflict" in refused(repo, "--staged")


def test_what_git_does_not_have_is_said(repo: Path) -> None:
    content = git(repo, "rev-parse", "HEAD:metrics/model.yml").stdout.strip()
    (repo / ".git" / "objects" / content[:2] / content[2:]).unlink()
    said = refused(repo)
    assert "E621" in said
    assert content in said


def test_wrong_use(repo: Path) -> None:
    assert run("diff", "--to", "HEAD", "--staged", "--project", repo).exit_code == 2
    assert run("diff", "--rows", "0", "--project", repo).exit_code == 2


# --- values ------------------------------------------------------------


def test_values_before_and_after(repo: Path) -> None:
    change(repo, "expr: amount", "expr: amount * 2")
    shown = report(repo, "--data", *NOW)
    lines = [line.split() for line in shown.splitlines()]
    assert ["spend", "total", "3.75", "7.50", "+3.75", "+100.0%"] in lines
    assert ["spend_per_user", "total", "1.875", "3.75", "+1.875", "+100.0%"] in lines
    assert ["month", "2025-01-01", "3.75", "7.50", "+3.75", "+100.0%"] in lines
    assert "values on target local, as of 2025-03-01 00:00+07:00" in shown


def test_values_of_a_changed_cut(repo: Path) -> None:
    change(repo, "gender: {label: Gender}", "gender: {expr: \"case when gender = 'f' then 'w' else gender end\"}")
    found = document(repo, "--data", *NOW)["data"]["metrics"]["events"]
    assert [each["by"] for each in found] == [["users.gender"]]  # nothing else can have moved
    assert (found[0]["groups"], found[0]["moved"]) == (4, 2)
    rows = {row["group"][0]: (row.get("old"), row.get("new")) for row in found[0]["rows"]}
    assert rows == {"f": (1, None), "w": (None, 1)}


def test_values_that_do_not_move(repo: Path) -> None:
    change(repo, "expr: amount", "expr: amount + 0")
    shown = report(repo, "--data", *NOW)
    assert "no value moved: " in shown
    assert "spend_per_user" in shown.split("no value moved: ")[1]


def test_a_version_that_is_refused_says_why(repo: Path) -> None:
    change(repo, "expr: amount", "expr: amuont")
    shown = report(repo, "--data", *NOW)
    assert "total: refused by the new version: E402 there is no column 'amuont'" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["spend", "total", "3.75", "refused"] in lines


def test_only_the_movers_are_shown(tmp_path: Path) -> None:
    rows = "CREATE TABLE t AS SELECT range AS id, 'g' || range AS g, range AS v FROM range(12000)"
    model = """
datasets: {t: {table: t, primary_key: id, dimensions: {few: {expr: id / 100}, g: {}}}}
metrics: {n: {dataset: t, agg: sum, expr: v}}
"""
    folder = start(make_project(tmp_path / "p", model.replace("id / 100", "floor(id / 100)"), rows))
    change(folder, "floor(id / 100)", "ceil(id / 100)")
    shown = report(folder, "--data", "--rows", "3")
    assert "t.few: 118 more of 121 groups moved less" in shown
    commit(folder)
    change(folder, "g: {}", "g: {expr: upper(g)}")
    assert "E403 the result has more than 10,000 rows" in report(folder, "--data")


def test_the_weeks_of_another_first_day(repo: Path) -> None:
    edit(repo / "metrics" / "project.yml", "name: tiny", "name: tiny\nweek_start: sunday")
    found = document(repo, "--data", *NOW)["data"]["metrics"]["events"]
    assert (found[0]["by"], found[0]["period"]) == (["week"], "last 12 weeks")
    assert found[0]["moved"] > 0


def test_personal_data_stay_masked(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(repo, "gender: {label: Gender}", "gender: {label: Gender, personal: true}")
    commit(repo)
    change(repo, "personal: true", "personal: true, expr: lower(gender)")
    monkeypatch.delenv("METRICAST_MASK_KEY", raising=False)
    assert "METRICAST_MASK_KEY" in report(repo, "--data", *NOW)
    monkeypatch.setenv("METRICAST_MASK_KEY", "0123456789abcdef0123456789abcdef")
    change(repo, "lower(gender)", "upper(gender)")
    groups = [row["group"][0] for row in document(repo, "--data", *NOW)["data"]["metrics"]["events"][0]["rows"]]
    assert groups
    assert not {"f", "m", "F", "M"} & set(groups)


def test_a_target_that_is_not_there_is_refused(repo: Path) -> None:
    change(repo, "expr: amount", "expr: amount * 2")
    assert "E407" in refused(repo, "--data", "--target", "nowhere")
    (repo / ".metricast" / "tiny.duckdb").unlink()
    assert "E401" in refused(repo, "--data")


def test_both_versions_are_asked_on_the_target_of_the_new_one(repo: Path) -> None:
    (repo / ".metricast" / "tiny.duckdb").rename(repo / ".metricast" / "moved.duckdb")
    edit(repo / "metrics" / "project.yml", "local: {engine: duckdb, database: .metricast/tiny.duckdb}",
         "there: {engine: duckdb, database: .metricast/moved.duckdb}")  # fmt: skip
    change(repo, "expr: amount", "expr: amount * 2")
    shown = report(repo, "--data", *NOW)
    assert "values on target there" in shown
    assert "3.75" in shown


# --- the whole process ------------------------------------------------------------


def test_the_exit_status_of_the_process(repo: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scheduler.cli", "diff"]
    assert subprocess.run(command, cwd=repo, env=environment, capture_output=True, check=False).returncode == 0
    change(repo, "expr: amount", "expr: amount * 2")
    done = subprocess.run(command, cwd=repo, env=environment, capture_output=True, check=False)
    assert done.returncode == EXIT_MEANING
