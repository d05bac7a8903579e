// The admin socket in the process that serves it.
#include "adapters/admin/socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include "tests/support/store_fixture.h"
#include "tests/support/temp_folder.h"

namespace telepost {
namespace {

double processor_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

TEST(AdminSocket, WaitsWithoutSpinningWhileNoDescriptorIsFree) {
  test::StoreFixture fixture;
  const test::TempFolder folder;
  const std::string path = folder / "admin.sock";
  const auto served = adapters::admin::AdminSocket::start(fixture.store(), path);
  ASSERT_TRUE(served.ok()) << to_string(served.error());
  const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());

  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int free_one = dup(client);
  close(free_one);
  const rlimit tight{static_cast<rlim_t>(free_one), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  const double used = processor_seconds();
  EXPECT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  pollfd greeting{client, POLLIN, 0};
  EXPECT_EQ(poll(&greeting, 1, 500), 0);
  EXPECT_LT(processor_seconds() - used, 0.1);

  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(poll(&greeting, 1, 10'000), 1);
  close(client);
}

}  // namespace
}  // namespace telepost
