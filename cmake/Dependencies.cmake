# Every lookup of a third-party library, each with the Debian package that brings it. A target
# wraps each one, so that only the folders behind its wall can include its headers. Static where
# Debian has it so and updates for security are no matter of hours: a library of its own takes more
# memory and must be installed.

find_package(Threads REQUIRED)

find_package(fmt 9 REQUIRED)         # libfmt-dev
find_package(spdlog 1.10 REQUIRED)   # libspdlog-dev, whose headers suffice
find_package(simdjson 3 REQUIRED)    # libsimdjson-dev
find_package(Boost 1.81 REQUIRED)    # libboost1.81-dev: Asio and Beast, headers only
find_package(OpenSSL 3 REQUIRED)      # libssl-dev

find_path(PCRE2_INCLUDE_DIR pcre2.h REQUIRED)    # libpcre2-dev, which has no CMake package
find_library(PCRE2_32_LIBRARY NAMES libpcre2-32.a pcre2-32 REQUIRED)
add_library(PCRE2::32 UNKNOWN IMPORTED)
set_target_properties(PCRE2::32 PROPERTIES
  IMPORTED_LOCATION ${PCRE2_32_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${PCRE2_INCLUDE_DIR})

find_path(NGHTTP2_INCLUDE_DIR nghttp2/nghttp2.h REQUIRED)    # libnghttp2-dev, likewise
find_library(NGHTTP2_LIBRARY NAMES libnghttp2.a nghttp2 REQUIRED)
add_library(nghttp2::nghttp2 UNKNOWN IMPORTED)
set_target_properties(nghttp2::nghttp2 PROPERTIES
  IMPORTED_LOCATION ${NGHTTP2_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${NGHTTP2_INCLUDE_DIR})

if(EMBD_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)               # libgtest-dev, libgmock-dev
  find_package(Python3 COMPONENTS Interpreter)    # python3: the check of the kernels' machine code
endif()
