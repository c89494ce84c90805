# need_root NAME; install_packages PACKAGE... - sourced by tests/check and tests/demo.

need_root() {
	[ "$(id -u)" = 0 ] && return 0
	echo "$1 mounts file systems and installs packages: run it as root." >&2
	exit 1
}

# Of these Debian packages only those that are missing.
install_packages() {
	local package missing=()
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q >/dev/null &&
		apt-get install -qy --no-install-recommends "${missing[@]}" >/dev/null
}

BUILD_PACKAGES="fuse3 libfuse3-dev libglib2.0-dev meson ninja-build scdoc pkg-config gcc libc6-dev"
