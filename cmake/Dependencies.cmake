# Every lookup of a third-party library, each with the Debian package that brings it. A target
# wraps each one, so that only the folders behind its wall can include its headers.

find_package(Threads REQUIRED)

find_package(fmt 9 REQUIRED)         # libfmt-dev
find_package(spdlog 1.10 REQUIRED)   # libspdlog-dev
find_package(simdjson 3 REQUIRED)    # libsimdjson-dev
find_package(Boost 1.81 REQUIRED)    # libboost1.81-dev: Asio and Beast, headers only

if(EMBD_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)               # libgtest-dev, libgmock-dev
  find_package(Python3 COMPONENTS Interpreter)    # python3: the check of the kernels' machine code
endif()
