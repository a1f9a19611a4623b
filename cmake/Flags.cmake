# Warnings are errors everywhere; hardening in every optimised build (design: what a distribution expects of a daemon).
add_library(tocsin_flags INTERFACE)
target_include_directories(tocsin_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_options(tocsin_flags INTERFACE -Wall -Wextra -Werror -Wpedantic -Wno-gnu-statement-expression
  -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wvla -fno-strict-aliasing)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12's -Wpedantic has no switch of its own for statement expressions, and its -Wmaybe-uninitialized, -Wstringop-overflow and
  # -Wrestrict misfire on std::variant and std::string under -O2.
  target_compile_options(tocsin_flags INTERFACE -Wno-pedantic -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow)
endif()
if(TOCSIN_SANITIZE)
  target_compile_options(tocsin_flags INTERFACE -fsanitize=${TOCSIN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(tocsin_flags INTERFACE -fsanitize=${TOCSIN_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(tocsin_flags INTERFACE -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -march=x86-64-v2)
  target_link_options(tocsin_flags INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
find_program(TOCSIN_CCACHE ccache)
if(TOCSIN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TOCSIN_CCACHE})
endif()
