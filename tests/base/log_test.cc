// That a line says where it was asked for, through the functions of each level.
#include "base/log.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Log, ALineNamesItsCaller) {
    set_log(LogLevel::kInfo, LogFormat::kLogfmt);
    testing::internal::CaptureStderr();
    log_warn("test", "something");
    const int line = __LINE__ - 1;
    const std::string written = testing::internal::GetCapturedStderr();
    EXPECT_NE(written.find("caller=log_test.cc:" + std::to_string(line) + " "), std::string::npos) << written;
}

}  // namespace
}  // namespace tocsin
