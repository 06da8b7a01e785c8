# How the project declares its targets: warnings and sanitizers travel through one interface
# target, nothing is set for a whole directory.

add_library(embd_options INTERFACE)
target_compile_features(embd_options INTERFACE cxx_std_20)
target_include_directories(embd_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(embd_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wimplicit-fallthrough -Werror
  -fno-omit-frame-pointer
  # The same binary wherever the tree lies, and ccache may take an object from another clone.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
# g++ 12 sees overlapping copies inside its own std::string at -O3 (PR105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(embd_options INTERFACE -Wno-restrict)
  # In a unity build no source is the main one, and so nothing unnamed looks private to it.
  if(CMAKE_UNITY_BUILD)
    target_compile_options(embd_options INTERFACE -Wno-subobject-linkage)
  endif()
endif()
# clang 14 does not take g++'s attributes on C++20 lambdas; losing them costs it only speed.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(embd_options INTERFACE -Wno-ignored-attributes)
endif()
# The baseline of every binary. Faster instruction sets have their own files, which
# kernels/CMakeLists.txt compiles with their own flags and kernels/cpu/ chooses at run time.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_compile_options(embd_options INTERFACE -march=x86-64-v2)
endif()
if(EMBD_SANITIZE)
  target_compile_options(embd_options INTERFACE -fsanitize=${EMBD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(embd_options INTERFACE -fsanitize=${EMBD_SANITIZE})
  # clang 14 cannot place what this check needs beside a coroutine.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND EMBD_SANITIZE MATCHES "undefined")
    target_compile_options(embd_options INTERFACE -fno-sanitize=function)
  endif()
endif()
if(EMBD_BUILD_FUZZERS)
  # Coverage of the code under test, which libFuzzer steers by.
  target_compile_options(embd_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# embd_library(<folder> SOURCES a.cc ... [DEPS embd_base ...] [PRIVATE_DEPS fmt::fmt ...])
# declares the library target embd_<folder>.
function(embd_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(embd_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(embd_${name} PUBLIC embd_options ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# The tests that the tsan preset builds and runs: those labelled "threads".
if(EMBD_BUILD_TESTS)
  add_custom_target(embd_thread_tests)
endif()

# embd_test(<folder> SOURCES a_test.cc ... [DEPS ...] [LABELS threads ...]) declares the test binary
# embd_<folder>_test with one ctest entry.
function(embd_test name)
  if(NOT EMBD_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(embd_${name}_test ${ARG_SOURCES})
  target_link_libraries(embd_${name}_test PRIVATE embd_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  # What is tested is optimised as its preset says. Optimising the tests themselves under sanitizers would
  # double the time to compile them.
  if(EMBD_SANITIZE)
    target_compile_options(embd_${name}_test PRIVATE -O0)
  endif()
  # Under an emulator a binary takes minutes, and so its tests run in two processes side by side.
  set(shards 1)
  if(CMAKE_CROSSCOMPILING)
    set(shards 2)
  endif()
  foreach(shard RANGE 1 ${shards})
    if(shards EQUAL 1)
      set(entry ${name})
    else()
      set(entry ${name}_${shard})
    endif()
    math(EXPR index "${shard} - 1")
    add_test(NAME ${entry} COMMAND embd_${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${entry} PROPERTIES TIMEOUT 1500 LABELS "${ARG_LABELS}"
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index}")
  endforeach()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(embd_thread_tests embd_${name}_test)
  endif()
endfunction()
