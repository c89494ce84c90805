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

# unpack_packages DIR PACKAGE... - Debian packages as files below DIR: programs to be run from there, and never
# installed. What is there is kept; without a network nothing is, and those who need it say so.
unpack_packages() {
	local dir=$1 work package
	shift
	[ -f "$dir/.whole" ] && return 0
	work=$(mktemp -d) && mkdir -p "$dir" || return 1
	(cd "$work" && timeout 300 apt-get download -q "$@" >/dev/null 2>&1) &&
		for package in "$work"/*.deb; do dpkg -x "$package" "$dir" || { rm -rf "$work"; return 1; }; done &&
		touch "$dir/.whole"
	rm -rf "$work"
}

BUILD_PACKAGES="fuse3 libfuse3-dev libglib2.0-dev libseccomp-dev meson ninja-build scdoc pkg-config gcc libc6-dev"
