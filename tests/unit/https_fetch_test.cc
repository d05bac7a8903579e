// What is fetched and posted by HTTPS: which address is asked, and what is told where none is.
#include "adapters/net/https_fetch.h"

#include <gtest/gtest.h>

#include "adapters/net/dns_resolver.h"
#include "tests/support/dns_server.h"
#include "tests/support/manual_clock.h"
#include "tests/support/on_loop.h"

namespace telepost::adapters::net {
namespace {

class HttpsFetching : public testing::Test {
 protected:
  void SetUp() override {
    schema::DnsSettings settings = server_.settings();
    settings.timeout = std::chrono::milliseconds(700);
    resolver_ = Resolver::open(threads_.first(), settings, clock_).value();
    HttpsOptions options;
    options.refuse_networks = {schema::network_from("10.0.0.0/8").value(), schema::network_from("127.0.0.0/8").value()};
    fetch_ = HttpsFetch::start(*resolver_, std::move(options)).value();
  }
  void TearDown() override { fetch_->stop(); }
  Error error_of_post(const std::string& host) {
    HttpsPost request;
    request.host = host;
    request.target = "/";
    return test::run_on(threads_.next(), fetch_->post(std::move(request))).error();
  }
  Error error_of_get(const std::string& host) { return test::run_on(threads_.next(), fetch_->get(host, "/", 100)).error(); }

  test::DnsServer server_;
  test::ManualClock clock_;
  IoThreads threads_{2, clock_};
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<HttpsFetch> fetch_;
};

TEST_F(HttpsFetching, ANameThatNobodyCanTellIsNotOneThatIsRefused) {
  server_.ignore("slow.test");
  server_.fail("broken.test");
  EXPECT_EQ(error_of_post("slow.test").kind, Errc::timeout);
  EXPECT_EQ(error_of_get("broken.test").kind, Errc::unavailable);
}

TEST_F(HttpsFetching, WhatLeadsWhereNothingIsFetchedFromIsRefused) {
  server_.add_a("inside.test", "10.0.0.1");
  server_.add_aaaa("translated.test", "64:ff9b::10.0.0.1");  // RFC 6052
  for (const char* host : {"inside.test", "translated.test", "none.test", "10.0.0.1", "64:ff9b::a00:1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(error_of_post(host).kind, Errc::denied) << host;
    EXPECT_EQ(error_of_get(host).kind, Errc::unavailable) << host;
  }
}

}  // namespace
}  // namespace telepost::adapters::net
