"""A nightly scan as a Prefect flow: `python prefect_flow.py` serves it, and runs it at half past two."""

import json
import subprocess

from prefect import flow, get_run_logger, task

PROGRAM = "/opt/empathy-scan/bin/empathy-scan"
CONFIG = "/srv/empathy-scan/empathy-scan.toml"
RETRY_SECONDS = 600  # what another run or a full disk may need


@task(retries=2, retry_delay_seconds=RETRY_SECONDS)
def scan(config: str, program: str = PROGRAM) -> dict[str, object]:
    """Scan what is new; the summary. Repeating it is safe: what is stored is not scored again."""
    done = subprocess.run(
        [program, "scan", "--config", config, "--json", "--quiet"], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 3):  # 3: done, but some input was rejected
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


@flow(name="empathy-scan", log_prints=False)
def nightly(config: str = CONFIG, program: str = PROGRAM) -> dict[str, object]:
    """The night's run, with what is worth a line in the log."""
    summary = scan(config, program)
    get_run_logger().info("scored %s, rejected %s: %s", summary["scored"], summary["rejects"], summary["front_page"])
    return summary


if __name__ == "__main__":
    nightly.serve(name="nightly", cron="30 2 * * *")
