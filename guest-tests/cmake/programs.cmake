# SPDX-License-Identifier: GPL-2.0
# How the programs of a guest are compiled and linked.

set(CMAKE_C_STANDARD 17)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

add_library(pinrig_guest INTERFACE)
target_compile_definitions(pinrig_guest INTERFACE _GNU_SOURCE $<$<COMPILE_LANGUAGE:CXX>:JSON_NOEXCEPTION;JSON_NO_IO>)
target_compile_options(pinrig_guest INTERFACE
  -Wall -Wextra -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
  # The same bytes wherever the checkout and the sysroot lie.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=guest-tests/ -ffile-prefix-map=${PINRIG_SYSROOT}=
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions;-fno-rtti>)
target_link_options(pinrig_guest INTERFACE -s LINKER:--gc-sections,--build-id=none
  # Splitting a mapping for it is a tenth of what the start of a small program executes.
  LINKER:-z,norelro)
target_link_libraries(pinrig_guest INTERFACE pthread)

# Words that a suite's libs.txt may use beside plain library names.
# A static libibverbs has no provider but those that this definition names (infiniband/verbs.h).
add_library(pinrig_lib_rdma INTERFACE)
target_compile_definitions(pinrig_lib_rdma INTERFACE RDMA_STATIC_PROVIDERS=rxe,siw)
# libnl brings in getaddrinfo; that it wants shared libraries at run time is no concern of a guest without names.
target_link_options(pinrig_lib_rdma INTERFACE LINKER:--no-warnings)
target_link_libraries(pinrig_lib_rdma INTERFACE
  -Wl,--start-group rdmacm ibverbs rxe-rdmav34 siw-rdmav34 nl-route-3 nl-3 -Wl,--end-group)
add_library(pinrig_lib_uring INTERFACE)
target_link_libraries(pinrig_lib_uring INTERFACE uring)

# lib/ -> pinlib. Without sources it is only its include directory.
function(pinrig_library)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/*.c ${CMAKE_SOURCE_DIR}/lib/*.cc
    ${CMAKE_SOURCE_DIR}/lib/contract/*.c)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc?$")
  if(sources)
    add_library(pinlib STATIC ${sources})
    target_include_directories(pinlib PUBLIC ${CMAKE_SOURCE_DIR}/lib ${CMAKE_SOURCE_DIR})
    target_link_libraries(pinlib PUBLIC pinrig_guest)
  else()
    add_library(pinlib INTERFACE)
    target_include_directories(pinlib INTERFACE ${CMAKE_SOURCE_DIR}/lib ${CMAKE_SOURCE_DIR})
    target_link_libraries(pinlib INTERFACE pinrig_guest)
  endif()
endfunction()

# agent/ -> agent, with the host's half of the wire format compiled in.
function(pinrig_agent)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/agent/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    message(WARNING "agent/ has no sources: no agent is built")
    return()
  endif()
  add_executable(agent ${sources} ${CMAKE_SOURCE_DIR}/../harness/wire/frame.cc)
  target_include_directories(agent PRIVATE ${CMAKE_SOURCE_DIR}/agent ${CMAKE_SOURCE_DIR}/../harness)
  target_link_libraries(agent PRIVATE pinlib)
  # Most of the agent's compile time is what each of its files makes of the JSON header, four fifths of that of all guest
  # programs: in two units it is made twice, on two processors.
  set_target_properties(agent PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 14)
endfunction()

# The words of SUITE/libs.txt as things to link with.
function(pinrig_suite_libs folder result)
  set(libs)
  if(EXISTS ${folder}/libs.txt)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/libs.txt)
    file(STRINGS ${folder}/libs.txt words REGEX "^[^#]")
    foreach(word IN LISTS words)
      string(STRIP "${word}" word)
      if(TARGET pinrig_lib_${word})
        list(APPEND libs pinrig_lib_${word})
      else()
        list(APPEND libs ${word})
      endif()
    endforeach()
  endif()
  set(${result} "${libs}" PARENT_SCOPE)
endfunction()

# Every test is part of one program, tests/pinrig-tests, and a link to it: the C library and libibverbs are in a guest once
# and not once per test, which is most of what a boot has to unpack.

# SUITE/NAME.c -> an object of pinrig-tests, whose main() has a name of its own, and the link tests/SUITE/NAME
function(pinrig_suite folder)
  cmake_path(GET folder FILENAME suite)
  pinrig_suite_libs(${folder} libs)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
  file(REMOVE_RECURSE ${CMAKE_BINARY_DIR}/tests/${suite})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/tests/${suite})
  if(NOT sources)
    return()
  endif()
  add_library(suite_${suite} OBJECT ${sources})
  target_link_libraries(suite_${suite} PRIVATE ${libs} pinlib)
  target_link_libraries(pinrig-tests PRIVATE suite_${suite} ${libs})
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    set(entry main_of_${suite}_${name})
    set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS main=${entry})
    set_property(GLOBAL APPEND PROPERTY pinrig_tests "TEST(${suite}, ${name})")
    file(CREATE_LINK ../pinrig-tests ${CMAKE_BINARY_DIR}/tests/${suite}/${name} SYMBOLIC)
  endforeach()
endfunction()

# lib/users/NAME.c -> the test contract/NAME, which asks every obligation of lib/contract/ of `user_NAME`
function(pinrig_users)
  set(folder ${CMAKE_SOURCE_DIR}/lib/users)
  pinrig_suite_libs(${folder} libs)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
  if(NOT sources)
    return()
  endif()
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/tests/contract)
  add_library(users OBJECT ${sources})
  target_link_libraries(users PRIVATE ${libs} pinlib)
  target_link_libraries(pinrig-tests PRIVATE users ${libs})
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    set_property(GLOBAL APPEND PROPERTY pinrig_tests "USER(${name})")
    file(CREATE_LINK ../pinrig-tests ${CMAKE_BINARY_DIR}/tests/contract/${name} SYMBOLIC)
  endforeach()
endfunction()

# To be called before the first suite.
function(pinrig_tests_program)
  add_executable(pinrig-tests ${CMAKE_SOURCE_DIR}/cmake/pinrig_tests.c)
  target_include_directories(pinrig-tests PRIVATE ${CMAKE_BINARY_DIR})
  target_link_libraries(pinrig-tests PRIVATE pinlib)
  set_target_properties(pinrig-tests PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endfunction()

# To be called after the last one.
function(pinrig_tests_table)
  get_property(tests GLOBAL PROPERTY pinrig_tests)
  list(JOIN tests "\n" text)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pinrig_tests.inc CONTENT "${text}\n" @ONLY)
endfunction()
