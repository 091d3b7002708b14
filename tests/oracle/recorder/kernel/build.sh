#!/bin/sh
# Builds the kernel that records traces, on Debian 12, and puts it at ../build/linux. Gets what it needs with apt-get;
# once built, only what has changed is built again.
set -e
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../build
tree=$build/linux-source-6.12
mkdir -p "$build"
if [ ! -d "$tree" ]; then
	if [ ! -f /usr/src/linux-source-6.12.tar.xz ]; then
		apt-get update
		apt-get install -y --no-install-recommends linux-source-6.12 gcc libc6-dev make flex bison bc \
			libelf-dev xz-utils kmod python3
	fi
	rm -rf "$build/unpacked" && mkdir "$build/unpacked"
	tar -C "$build/unpacked" -xf /usr/src/linux-source-6.12.tar.xz
	mv "$build/unpacked/linux-source-6.12" "$tree"
fi
cd "$tree"
ttm=drivers/gpu/drm/ttm
cmp -s "$here/oracle.c" $ttm/oracle.c || cp "$here/oracle.c" $ttm/oracle.c
grep -q oracle.o $ttm/Makefile || echo 'obj-y += oracle.o' >> $ttm/Makefile
if [ ! -f .kunit/.config ]; then
	python3 tools/testing/kunit/kunit.py config --kunitconfig="$here/um.config"
fi
nice make --quiet ARCH=um O=.kunit --jobs="$(nproc)"
strip -o "$build/linux" .kunit/linux
