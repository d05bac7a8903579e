#include "adapters/net/header_codec.h"

#include <gtest/gtest.h>

namespace telepost::adapters::smtp {
namespace {

net::HeaderWatch watch(std::string_view message, std::size_t chunk) {
  net::HeaderWatch header;
  for (; !message.empty(); message.remove_prefix(std::min(chunk, message.size()))) header.see(message.substr(0, chunk));
  return header;
}

constexpr std::string_view kMessage =
    "Received: from a by b;\r\n\tFri, 20 Nov 2026 10:00:00 +0000\r\nRECEIVED : from c by d; x\r\nX-Received: no\r\n"
    " Received: folded\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\nmessage-id: <x@y.test>\r\nTLS-Required: no\r\n"
    "\r\nReceived: of the body\r\n";

TEST(HeaderWatch, SeesTheSameHoweverTheMessageIsCut) {
  for (const std::size_t chunk : {1u, 2u, 7u, 64u, 10000u}) {
    const net::HeaderWatch header = watch(kMessage, chunk);
    EXPECT_EQ(header.hops(), 2u) << chunk;
    EXPECT_TRUE(header.has_date() && header.has_message_id() && header.tls_optional()) << chunk;
  }
}

TEST(HeaderWatch, FindsNothingWhereThereIsNothing) {
  for (const std::string_view message : {"", "\r\n", "Subject: Date: x\r\n\r\nDate: x\r\n", "TLS-Required: yes\r\n\r\n", "Date", ":\r\n"}) {
    const net::HeaderWatch header = watch(message, 3);
    EXPECT_FALSE(header.hops() > 0 || header.has_date() || header.has_message_id() || header.tls_optional()) << message;
  }
}

TEST(HeaderWatch, HoldsTheBeginOfALineAlone) {
  const std::string message = "Received: " + std::string(1'000'000, 'x') + "\r\nReceived: y\r\n\r\n";
  EXPECT_EQ(watch(message, 4096).hops(), 2u);
}

}  // namespace
}  // namespace telepost::adapters::smtp
