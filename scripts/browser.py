"""The browser of the tests: Debian's Chromium, where it may be installed without asking anybody."""

import os
import shutil
import subprocess

import environment

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
INSTALL_TIMEOUT_S = 600
COMMANDS = (("apt-get", "update", "-qq"), ("apt-get", "install", "-y", "-qq", "chromium"))


def prepare() -> None:
    """Install it when it is missing and we are root on Debian; elsewhere the tests say what they miss."""
    if "PALAVER_CHROMIUM" in os.environ or any(map(shutil.which, NAMES)):
        return
    if environment.ON_WINDOWS or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment.say("installing Chromium for the tests of the cockpit")
    for command in COMMANDS:
        subprocess.run(
            command,
            check=False,  # without it the tests are skipped, or fail where that is a fault
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            timeout=INSTALL_TIMEOUT_S,
        )
