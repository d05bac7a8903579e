// The JMAP server as a whole: how it stops.
#include "adapters/jmap/server.h"

#include <chrono>
#include <thread>

#include "adapters/net/login_delays.h"
#include "tests/support/store_fixture.h"
#include "tests/unit/http_fixture.h"

namespace telepost::adapters::jmap {
namespace {

class JmapServer : public testing::Test {
 protected:
  static schema::Configuration settings() {
    schema::Configuration configuration = test::StoreFixture::configuration();
    configuration.jmap.listen = {{"127.0.0.1", 0, ""}};
    configuration.jmap.listen_tls = {};
    return configuration;
  }
  void SetUp() override {
    auto started = Server::start(threads_, fixture_.store(), fixture_.clock(), fixture_.random(), {.delays = delays_});
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    server_ = std::move(*started);
    server_->for_each_listener([this](std::string_view, std::string_view where) { endpoint_ = schema::endpoint_from(where).value(); });
  }
  // No log-in from here is due before time passes.
  void fail_too_often() {
    for (unsigned i = 0; delays_->begin("guess" + std::to_string(i) + "@example.test", "127.0.0.1")->check(); ++i) ASSERT_LT(i, 1'000u);
  }

  test::StoreFixture fixture_{settings()};
  net::IoThreads threads_{1, fixture_.clock()};
  const std::shared_ptr<net::LoginDelays> delays_ = std::make_shared<net::LoginDelays>(fixture_.clock());
  std::unique_ptr<Server> server_;
  schema::Endpoint endpoint_;
};

TEST_F(JmapServer, ALogInThatItsStopCutsShortHearsSo) {
  fail_too_often();
  const std::size_t known = delays_->size();
  net::HttpPeer peer(endpoint_);
  peer.say("GET /.well-known/jmap HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic YW5uQGV4YW1wbGUudGVzdDp4\r\n\r\n");  // ann@example.test:x
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (delays_->size() == known) {  // until it waits its turn
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
    std::this_thread::yield();
  }
  std::future<void> stopped = std::async(std::launch::async, [this] { server_->stop(std::chrono::seconds(20)); });
  const std::string heard = peer.hear_all();
  stopped.get();
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 503 ")) << heard;
}

}  // namespace
}  // namespace telepost::adapters::jmap
