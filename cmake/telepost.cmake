# Compiler settings and the one function that makes a folder a library.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Every test and most engineers build with debug information; split from the objects it would cost the linker nothing,
# but a crash report from CI needs it in one file, so it is only kept small.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

set(TELEPOST_SANITIZE "" CACHE STRING "address, thread or fuzzer: build everything with that sanitizer")
option(TELEPOST_PCH "Precompile the heavy headers" ON)
option(TELEPOST_UNITY "Compile several sources as one: a whole build in less than half the time, a change of one file in more" ON)

# The environment of the build, not of configure: without this ccache never hits behind a precompiled header, which
# carries times and macros.
find_program(TELEPOST_CCACHE ccache)
if(TELEPOST_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime "${TELEPOST_CCACHE}")
endif()

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wswitch-enum -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 on inlined std::string and coroutine frames (GCC bugs 105329, 105651).
  add_compile_options(-Werror -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized
                      -Wno-mismatched-new-delete
                      -fcoroutines)
  if(TELEPOST_PCH)
    add_compile_options(-fpch-preprocess)  # what ccache needs to see through g++'s precompiled headers
  endif()
endif()
if(TELEPOST_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -O1)
  add_link_options(-fsanitize=address,undefined)
elseif(TELEPOST_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -O1)
  add_link_options(-fsanitize=thread)
elseif(TELEPOST_SANITIZE STREQUAL "fuzzer")
  add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -O1)
  add_link_options(-fsanitize=address,undefined)
elseif(TELEPOST_SANITIZE)
  message(FATAL_ERROR "TELEPOST_SANITIZE is '${TELEPOST_SANITIZE}'; use address, thread, fuzzer or nothing")
endif()
add_link_options(-fuse-ld=lld)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)

# What nearly every file includes, and what costs seconds to parse in each.
set(TELEPOST_STD_HEADERS <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <functional> <map> <memory> <mutex>
    <optional> <set> <span> <string> <string_view> <tuple> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
set(TELEPOST_ASIO_HEADERS <boost/asio.hpp> <boost/asio/ssl.hpp>)

# telepost_precompile(TARGET header…)
function(telepost_precompile target)
  if(TELEPOST_PCH AND NOT TELEPOST_SANITIZE STREQUAL "fuzzer")
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# telepost_unity(target source…): a source's group follows from its name alone, so that a new file changes no other group. What two
# sources of one group both name in their anonymous namespaces is told by the compiler; such a thing belongs in a header, or is renamed.
function(telepost_unity target)
  list(LENGTH ARGN sources)
  if(NOT TELEPOST_UNITY OR sources LESS 5)
    return()
  endif()
  set(groups 1)
  while(sources GREATER 8)
    math(EXPR sources "${sources} / 2")
    math(EXPR groups "${groups} * 2")
  endwhile()
  foreach(source ${ARGN})
    get_filename_component(name "${source}" NAME)
    string(MD5 digest "${name}")
    string(SUBSTRING "${digest}" 0 4 digest)
    math(EXPR group "0x${digest} % ${groups}")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # g++ takes the sources for headers
endfunction()

# telepost_library(NAME [DEPENDS lib…] [PRIVATE lib…] [PRECOMPILE header…] [EXCLUDE regex…]): every .cc of the current
# folder and below becomes telepost_NAME. A folder with a CMakeLists.txt of its own below is its own library and is
# left out, and so is every file whose path from the current folder matches EXCLUDE.
function(telepost_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;PRIVATE;PRECOMPILE;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  file(GLOB_RECURSE nested CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}"
       "${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt")
  foreach(file ${nested})
    get_filename_component(folder "${file}" DIRECTORY)
    list(FILTER sources EXCLUDE REGEX "^${folder}/")
  endforeach()
  foreach(regex ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "${regex}")
  endforeach()
  if(sources)
    add_library(telepost_${name} STATIC ${sources})
    target_include_directories(telepost_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_link_libraries(telepost_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE})
    telepost_unity(telepost_${name} ${sources})
    if(ARG_PRECOMPILE)
      telepost_precompile(telepost_${name} ${ARG_PRECOMPILE})
    endif()
  else()
    add_library(telepost_${name} INTERFACE)
    target_link_libraries(telepost_${name} INTERFACE ${ARG_DEPENDS} ${ARG_PRIVATE})
  endif()
endfunction()
