#!/usr/bin/env bash
# deps.sh PACKAGE... - see to it that these Debian packages are there.
# Installs what is missing as root (or by sudo without a password); otherwise names it.
set -eu
missing=()
for package in "$@"; do
	status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
as=()
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
		echo "deps: missing packages, and not root: apt-get install ${missing[*]}" >&2
		exit 2
	fi
	as=(sudo -n)
fi
echo "deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	"${as[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1
}
# The lists may be missing or old: then once more with fresh ones.
if ! install; then
	"${as[@]}" apt-get update -qq >>"$log" 2>&1 || true
	if ! install; then
		tail -n 20 "$log" >&2
		echo "deps: could not install ${missing[*]}" >&2
		exit 2
	fi
fi
