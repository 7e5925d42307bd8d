#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""test_summary.py FOLDER: the closing line of `./dev test`.

Adds up the JUnit reports that ctest wrote into FOLDER and the steps that failed outside ctest
(one a line of FOLDER/failures). A test that did not run is counted as skipped, never as passed; a
test that could not be started counts as failed. Exits with 1 if anything failed or nothing ran.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def read_report(path):
    """(passed, names of failed, names of skipped) of one report."""
    passed, failed, skipped = 0, [], []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        if status == "run" and case.find("failure") is None:
            passed += 1
        elif status == "disabled" or (case.find("skipped") is not None and was_skipped(case)):
            skipped.append(name)
        else:
            failed.append(name)
    return passed, failed, skipped


def was_skipped(case):
    """ctest also calls a program that is not there skipped; that one has failed."""
    return (case.find("skipped").get("message") or "").startswith("SKIP_")


def main():
    folder = pathlib.Path(sys.argv[1])
    passed, failed, skipped = 0, [], []
    for report in sorted(folder.glob("*.xml")):
        build = report.name.split("-")[0]
        more, bad, not_run = read_report(report)
        passed += more
        failed += [f"{build}: {name}" for name in bad]
        skipped += [f"{build}: {name}" for name in not_run]
    failures = folder / "failures"
    if failures.exists():
        failed += failures.read_text(encoding="utf-8").splitlines()
    for name in skipped:
        print(f"skipped  {name}")
    for name in failed:
        print(f"FAILED   {name}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    sys.exit(1 if failed or passed == 0 else 0)


if __name__ == "__main__":
    main()
