#!/bin/sh
# Installs one of Debian's packages where that is possible; never fails: what needs it is skipped and says so.
package=$1
if ! command -v apt-get >/dev/null; then
  echo "No $package and no apt-get: the tests that need it will be skipped." >&2
elif [ "$(id -u)" = 0 ]; then
  apt-get update -qq && apt-get install -y -qq "$package" >/dev/null
elif sudo -n true 2>/dev/null; then
  sudo apt-get update -qq && sudo apt-get install -y -qq "$package" >/dev/null
else
  echo "No $package: the tests that need it will be skipped. To run them: sudo apt-get install $package" >&2
fi || echo "$package could not be installed: the tests that need it will be skipped." >&2
exit 0
