# SPDX-License-Identifier: GPL-2.0
# Shared by the toolchain files, which set CMAKE_SYSTEM_PROCESSOR and PINRIG_TRIPLET first.
#
# Debian's cross compilers look into /usr/TRIPLET and /usr/lib/gcc-cross before the sysroot, so that a
# guest program would take headers and libc.a from the host. Here the sysroot alone gives headers,
# start files, libc, libgcc and libstdc++: the host gives only the compiler and the linker.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PINRIG_SYSROOT)

if(NOT PINRIG_SYSROOT)
  message(FATAL_ERROR "PINRIG_SYSROOT is not set: -DPINRIG_SYSROOT=DIR names the ${CMAKE_SYSTEM_PROCESSOR} sysroot "
                      "(packages: images/sysroot.packages)")
endif()
set(CMAKE_SYSROOT ${PINRIG_SYSROOT})
set(CMAKE_C_COMPILER ${PINRIG_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${PINRIG_TRIPLET}-g++)

file(GLOB pinrig_gcc_dirs ${PINRIG_SYSROOT}/usr/lib/gcc/${PINRIG_TRIPLET}/*)
file(GLOB pinrig_cxx_dirs ${PINRIG_SYSROOT}/usr/include/c++/*)
if(NOT pinrig_gcc_dirs OR NOT pinrig_cxx_dirs)
  message(FATAL_ERROR "${PINRIG_SYSROOT} is no ${CMAKE_SYSTEM_PROCESSOR} sysroot: it has no usr/lib/gcc/${PINRIG_TRIPLET} "
                      "or no usr/include/c++ (package libstdc++-12-dev)")
endif()
list(GET pinrig_gcc_dirs 0 PINRIG_GCC_DIR)
list(GET pinrig_cxx_dirs 0 PINRIG_CXX_DIR)
cmake_path(GET PINRIG_CXX_DIR FILENAME pinrig_cxx_version)

# The order matters: libstdc++ finds the C headers behind its own with #include_next.
set(pinrig_c_includes
  "-nostdinc -isystem ${PINRIG_GCC_DIR}/include -isystem ${PINRIG_SYSROOT}/usr/include/${PINRIG_TRIPLET} -isystem ${PINRIG_SYSROOT}/usr/include")
set(pinrig_cxx_includes
  "-nostdinc++ -isystem ${PINRIG_CXX_DIR} -isystem ${PINRIG_SYSROOT}/usr/include/${PINRIG_TRIPLET}/c++/${pinrig_cxx_version} -isystem ${PINRIG_CXX_DIR}/backward")
# -B for the start files: the host's own crt1.o is found before the sysroot's without it.
set(pinrig_places
  "-B${PINRIG_SYSROOT}/usr/lib/${PINRIG_TRIPLET}/ -B${PINRIG_GCC_DIR}/ -L${PINRIG_GCC_DIR} -L${PINRIG_SYSROOT}/usr/lib/${PINRIG_TRIPLET}")

set(CMAKE_C_FLAGS_INIT "${pinrig_c_includes}")
set(CMAKE_CXX_FLAGS_INIT "${pinrig_cxx_includes} ${pinrig_c_includes}")
# Static and not PIE: nothing to relocate at start, no interpreter in the initramfs.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -no-pie ${pinrig_places}")

set(CMAKE_FIND_ROOT_PATH ${PINRIG_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
