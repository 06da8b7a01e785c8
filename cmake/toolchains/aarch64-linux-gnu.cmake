# Cross-compiles for arm64 Linux with Debian's compiler, and runs what was built under qemu with every
# extension that it knows. Libraries come from EMBD_SYSROOT, which tools/make_arm64_sysroot.sh makes.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-aarch64-static;-cpu;max;-L;/usr/aarch64-linux-gnu")

list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES EMBD_SYSROOT)
set(CMAKE_FIND_ROOT_PATH ${EMBD_SYSROOT})
# Debian keeps what a library's headers say of the architecture (OpenSSL's do) in a folder of its own.
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES ${EMBD_SYSROOT}/usr/include/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
