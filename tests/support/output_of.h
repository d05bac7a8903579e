// What other programs say to a test.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace telepost::test {

enum class ExitCode { zero, any };

// What a command of the shell prints. The test fails where the command cannot be run, or ends with another exit code than it may.
inline std::string output_of(const std::string& command, ExitCode wanted = ExitCode::zero) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr) << command;
  if (pipe == nullptr) return {};
  std::string text;
  char bytes[65536];
  for (std::size_t size; (size = std::fread(bytes, 1, sizeof bytes, pipe)) > 0;) text.append(bytes, size);
  const int status = ::pclose(pipe);
  EXPECT_TRUE(wanted == ExitCode::any || status == 0) << command << ": " << status;
  return text;
}

}  // namespace telepost::test
