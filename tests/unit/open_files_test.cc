// Connections that the limit of open files has room for.
#include "cli/open_files.h"

#include <gtest/gtest.h>

namespace telepost::cli {
namespace {

constexpr std::uint64_t kKept = 512 + 100;  // the engine's and the process's own

schema::Configuration configured(std::string_view more) {
  auto configuration = schema::parse_configuration(
      "[smtp]\nlisten = [\"127.0.0.1:0\"]\nmax_connections = 1000\n[lmtp]\nlisten = [\"127.0.0.1:0\"]\nmax_connections = 400\n" +
          std::string(more), "test", {});
  EXPECT_TRUE(configuration.ok());
  return *configuration;
}

TEST(OpenFiles, EveryListenerCountsWithItsMaximum) {
  EXPECT_EQ(files_wanted(configured("")), 1600 + kKept);
  EXPECT_EQ(files_wanted(configured("[[services]]\nname = \"ivr\"\nlisten = [\"127.0.0.1:0\"]\ntrusted = true\n")), 2000 + kKept);
}

TEST(OpenFiles, TheMaximaGoDownTogetherUntilTheyFit) {
  const schema::Configuration same = fit_connections(configured(""), 1600 + kKept);
  EXPECT_EQ(same.smtp.max_connections, 1000u);
  EXPECT_EQ(same.lmtp.max_connections, 400u);
  const schema::Configuration half = fit_connections(configured(""), 800 + kKept);
  EXPECT_EQ(half.smtp.max_connections, 500u);
  EXPECT_EQ(half.lmtp.max_connections, 200u);
  EXPECT_LE(files_wanted(fit_connections(configured(""), 1024)), 1024u);
  EXPECT_EQ(fit_connections(configured(""), 10).smtp.max_connections, 1u);
}

}  // namespace
}  // namespace telepost::cli
