// The program as a person at a terminal meets it: a store in a folder of its own, commands with their answers, or the objects of them.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/telepost_program.h"
#include "tests/support/temp_folder.h"

namespace telepost::test {

class CommandLine : public testing::Test {
 protected:
  using Json = nlohmann::json;
  void SetUp() override { std::filesystem::create_directory(folder_ / "policies"); }
  virtual std::vector<std::string> settings() const {
    return {"--set", "store.path=" + (folder_ / "store"), "--set", "smtp.listen=127.0.0.1:0", "--set", "lmtp.listen=127.0.0.1:0",
            "--set", "admin.listen=127.0.0.1:0", "--set", "store.reserve=0", "--set", "policies.path=" + (folder_ / "policies")};
  }
  Finished run(std::vector<std::string> arguments, std::string_view input = {}) const {
    const auto given = settings();
    arguments.insert(arguments.end(), given.begin(), given.end());
    return run_telepost(arguments, input);
  }
  // The objects of an answer that must succeed.
  std::vector<Json> ask(std::vector<std::string> arguments, std::string_view input = {}) const {
    arguments.push_back("--json");
    const Finished finished = run(std::move(arguments), input);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    std::vector<Json> objects;
    std::istringstream lines(finished.out);
    for (std::string line; std::getline(lines, line);) objects.push_back(Json::parse(line));
    return objects;
  }

  const TempFolder folder_;
};

}  // namespace telepost::test
