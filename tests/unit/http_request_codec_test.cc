// Requests of RFC 9112, whole and in drops, and what may be taken for two things.
#include "adapters/net/http_request_codec.h"

#include <gtest/gtest.h>

namespace telepost::adapters::net {
namespace {

using Step = HttpRequestReader::Step;

// What a reader makes of a connection's bytes, as many requests as there are, with `drop` of them coming at a time.
struct Seen {
  std::vector<HttpRequest> requests;
  std::vector<std::string> bodies;
  unsigned refused = 0;
  std::size_t left = 0;  // bytes that were not taken
};

bool take_body(HttpRequestReader& reader, std::string& buffered, std::string_view& rest, std::size_t drop, Seen& seen) {
  seen.bodies.emplace_back();
  while (!reader.is_body_done()) {
    const HttpRequestReader::Piece piece = reader.read_body(buffered);
    if (piece.step == Step::broken) {
      seen.refused = reader.refusal().status;
      return false;
    }
    seen.bodies.back() += piece.content;
    buffered.erase(0, piece.size_bytes);
    if (piece.step == Step::complete) continue;
    if (rest.empty()) return false;
    buffered += rest.substr(0, drop);
    rest.remove_prefix(std::min(drop, rest.size()));
  }
  return true;
}

Seen read(std::string_view rest, std::size_t drop = 1u << 20, HttpRequestLimits limits = {}) {
  Seen seen;
  HttpRequestReader reader(limits);
  std::string buffered;
  for (;;) {
    const Step step = reader.read_head(buffered);
    if (step == Step::broken) seen.refused = reader.refusal().status;
    if (step == Step::broken || (step == Step::incomplete && rest.empty())) break;
    if (step == Step::incomplete) {
      buffered += rest.substr(0, drop);
      rest.remove_prefix(std::min(drop, rest.size()));
      continue;
    }
    buffered.erase(0, reader.head_bytes());
    seen.requests.push_back(reader.request());
    if (!take_body(reader, buffered, rest, drop, seen)) break;
    reader.next();
  }
  seen.left = buffered.size() + rest.size();
  return seen;
}

std::string head(std::string_view fields, std::string_view line = "POST / HTTP/1.1") {
  return std::string(line) + "\r\nHost: a.test\r\n" + std::string(fields) + "\r\n";
}

TEST(HttpRequestCodec, ReadsTheExampleOfSection12) {
  const Seen seen = read("GET /hello.txt HTTP/1.1\r\nUser-Agent: curl/7.64.1\r\nHost: www.example.com\r\nAccept-Language: en, mi\r\n\r\n");
  ASSERT_EQ(seen.requests.size(), 1u);
  const HttpRequest& request = seen.requests[0];
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/hello.txt");
  EXPECT_EQ(request.host, "www.example.com");
  EXPECT_EQ(request.field("accept-LANGUAGE"), "en, mi");
  EXPECT_EQ(request.field("Accept"), std::nullopt);
  EXPECT_EQ(request.body_size_bytes, 0u);
  EXPECT_EQ(seen.left, 0u);
}

TEST(HttpRequestCodec, TakesOneRequestAfterTheOtherHoweverTheyDrip) {
  const std::string all = head("Content-Length: 5\r\n") + "hello" +
                          head("Transfer-Encoding: chunked\r\n") + "4\r\nWiki\r\n6;a=b;c=\"d;e\"\r\npedia \r\nC\r\nin \r\nchunks.\r\n0\r\n\r\n" +
                          "\r\n" + head("", "HEAD /x HTTP/1.1") + head("Transfer-Encoding: Chunked\r\n") + "00\r\nTrailer: x\r\nOther: y\r\n\r\n" +
                          head("Connection: close\r\n", "GET /last HTTP/1.1");
  for (std::size_t drop = 1; drop <= all.size(); ++drop) {
    const Seen seen = read(all, drop);
    ASSERT_EQ(seen.requests.size(), 5u) << drop;
    EXPECT_EQ(seen.bodies, (std::vector<std::string>{"hello", "Wikipedia in \r\nchunks.", "", "", ""})) << drop;
    EXPECT_TRUE(seen.requests[2].is_head);
    EXPECT_EQ(seen.requests[2].method, "GET");
    EXPECT_EQ(seen.requests[3].field("Trailer"), std::nullopt) << "trailers are no fields";
    EXPECT_EQ(seen.requests[4].path, "/last");
    EXPECT_EQ(seen.left, 0u) << drop;
  }
}

TEST(HttpRequestCodec, ALastChunkInDropsEndsNothingButItsBody) {
  for (const char* body : {"0\r\n\r\n", "000\r\n\r\n", "0\r\nA: b\r\n\r\n", "1\r\nx\r\n0\r\n\r\n", "0;x\r\n\r\n"}) {
    const Seen seen = read(head("Transfer-Encoding: chunked\r\n") + body + head("", "GET /next HTTP/1.1"), 1);
    ASSERT_EQ(seen.requests.size(), 2u) << body;
    EXPECT_EQ(seen.requests[1].path, "/next");
  }
}

struct Bad {
  const char* name;
  std::string bytes;
  unsigned status;
};

// RFC 9112 sections 2.2, 3, 5.1, 5.2, 6.1, 6.3, 7.1; behind each of them a request waits to be smuggled in.
std::vector<Bad> bad_lengths() {
  return {
      {"length beside encoding", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"encoding beside length", head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
      {"two lengths", head("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {"a length twice", head("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {"a list of lengths", head("Content-Length: 5, 5\r\n"), 400},
      {"a signed length", head("Content-Length: +5\r\n"), 400},
      {"a negative length", head("Content-Length: -5\r\n"), 400},
      {"a hexadecimal length", head("Content-Length: 0x5\r\n"), 400},
      {"an empty length", head("Content-Length:\r\n"), 400},
      {"a huge length", head("Content-Length: 18446744073709551617\r\n"), 400},
      {"encoding twice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"another encoding and chunked", head("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunked first", head("Transfer-Encoding: chunked, gzip\r\n"), 400},
      {"chunked twice", head("Transfer-Encoding: chunked, chunked\r\n"), 501},
      {"an unknown encoding", head("Transfer-Encoding: xchunked\r\n"), 400},
      {"an encoding before chunked", head("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"a quoted encoding", head("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"an encoding with a vertical tab", head("Transfer-Encoding: \x0b" "chunked\r\n"), 400},
  };
}

std::vector<Bad> bad_heads() {
  return {
      {"a space before the colon", head("Transfer-Encoding : chunked\r\n"), 400},
      {"a folded field", head("X: a\r\n b\r\n"), 400},
      {"a folded encoding", head("Transfer-Encoding:\r\n chunked\r\n"), 400},
      {"a folded first line", "GET / HTTP/1.1\r\n X: y\r\nHost: a.test\r\n\r\n", 400},
      {"a bare LF", "GET / HTTP/1.1\nHost: a.test\r\n\r\n", 400},
      {"a bare LF at the end", "GET / HTTP/1.1\r\nHost: a.test\r\n\n", 400},
      {"a bare CR", head("X: a\rTransfer-Encoding: chunked\r\n"), 400},
      {"CR CR LF", "GET / HTTP/1.1\r\r\nHost: a.test\r\n\r\n", 400},
      {"a NUL", head(std::string("X: a\0b\r\n", 8)), 400},
      {"a field without a name", head(": x\r\n"), 400},
      {"a field without a colon", head("Nonsense\r\n"), 400},
      {"encoding in 1.0", head("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0"), 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n", 400},
      {"a host with a space", "GET / HTTP/1.1\r\nHost: a.test b.test\r\n\r\n", 400},
      {"a host with a path", "GET / HTTP/1.1\r\nHost: a.test/x\r\n\r\n", 400},
      {"two authorizations", head("Authorization: Basic YTpi\r\nAuthorization: Basic YTpj\r\n"), 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"no version", head("", "GET / HTTP"), 400},
      {"two spaces", head("", "GET  / HTTP/1.1"), 400},
      {"a space in the target", head("", "GET /a b HTTP/1.1"), 400},
      {"a lower-case version", head("", "GET / http/1.1"), 400},
      {"a broken method", head("", "GE(T / HTTP/1.1"), 400},
      {"two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 400},
      {"a proxy's method", head("", "CONNECT a.test:443 HTTP/1.1"), 501},
      {"a climbing path", head("", "GET /a/../b HTTP/1.1"), 400},
      {"a star for a GET", head("", "GET * HTTP/1.1"), 400},
      {"an unknown expectation", head("Expect: the-spanish-inquisition\r\n"), 417},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 12), 400},
  };
}

std::vector<Bad> bad_chunks() {
  return {
      {"a chunk without a size", head("Transfer-Encoding: chunked\r\n") + "\r\n\r\n", 400},
      {"a chunk with a sign", head("Transfer-Encoding: chunked\r\n") + "+1\r\nx\r\n", 400},
      {"a chunk in 0x", head("Transfer-Encoding: chunked\r\n") + "0x1\r\nx\r\n", 400},
      {"a chunk beyond 64 bits", head("Transfer-Encoding: chunked\r\n") + "10000000000000001\r\nx\r\n", 400},
      {"a chunk beyond sense", head("Transfer-Encoding: chunked\r\n") + "ffffffffffffffff\r\nx\r\n", 400},
      {"a chunk with a bare LF", head("Transfer-Encoding: chunked\r\n") + "1\nx\r\n0\r\n\r\n", 400},
      {"a chunk longer than it said", head("Transfer-Encoding: chunked\r\n") + "1\r\nxy\r\n0\r\n\r\n", 400},
      {"a chunk's end of LF", head("Transfer-Encoding: chunked\r\n") + "1\r\nx\n0\r\n\r\n", 400},
      {"a chunk's broken extension", head("Transfer-Encoding: chunked\r\n") + "1 x\r\nx\r\n0\r\n\r\n", 400},
      {"a length in a trailer", head("Transfer-Encoding: chunked\r\n") + "0\r\nContent-Length: 5\r\n\r\n", 400},
      {"a broken trailer", head("Transfer-Encoding: chunked\r\n") + "0\r\nnonsense\r\n\r\n", 400},
      {"a trailer with a bare LF", head("Transfer-Encoding: chunked\r\n") + "0\r\na: b\nc: d\r\n\r\n", 400},
  };
}

std::vector<Bad> bad_requests() {
  std::vector<Bad> all;
  for (const auto& some : {bad_lengths(), bad_heads(), bad_chunks()}) all.insert(all.end(), some.begin(), some.end());
  return all;
}

TEST(HttpRequestCodec, RefusesWhatTwoReadersMightReadDifferently) {
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r\n";
  for (const Bad& bad : bad_requests()) {
    for (const std::size_t drop : {std::size_t{1} << 20, std::size_t{1}, std::size_t{7}}) {
      const Seen seen = read(bad.bytes + hidden, drop);
      EXPECT_EQ(seen.refused, bad.status) << bad.name << " by " << drop;
      for (const HttpRequest& request : seen.requests) EXPECT_NE(request.path, "/hidden") << bad.name;
    }
  }
}

TEST(HttpRequestCodec, BoundsTheHead) {
  const HttpRequestLimits limits{100, 1000, 5};
  EXPECT_EQ(read(head("", "GET /" + std::string(99, 'a') + " HTTP/1.1"), 3, limits).refused, 0u);
  EXPECT_EQ(read(head("", "GET /" + std::string(100, 'a') + " HTTP/1.1"), 3, limits).refused, 414u);
  EXPECT_EQ(read("GET /" + std::string(5000, 'a'), 3, limits).refused, 414u) << "without waiting for its end";
  EXPECT_EQ(read(head("A: " + std::string(900, 'a') + "\r\n"), 3, limits).refused, 0u);
  EXPECT_EQ(read(head("A: " + std::string(1000, 'a') + "\r\n"), 3, limits).refused, 431u);
  EXPECT_EQ(read(head("A: " + std::string(1000, 'a') + "\r\n"), 1u << 20, limits).refused, 431u);
  EXPECT_EQ(read(head("A: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\n"), 3, limits).refused, 0u);
  EXPECT_EQ(read(head("A: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\nA: 5\r\n"), 3, limits).refused, 431u);
  const std::string chunked = head("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(read(chunked + "1;" + std::string(5000, 'a'), 3, limits).refused, 400u);
  EXPECT_EQ(read(chunked + "0\r\nA: " + std::string(5000, 'a'), 3, limits).refused, 400u);
}

TEST(HttpRequestCodec, LooksAtADrippingHeadOnce) {
  const std::string bytes = head("A: " + std::string(60'000, 'a') + "\r\n");
  const HttpRequestLimits limits{100, 64u << 10, 5};
  HttpRequestReader reader(limits);
  for (std::size_t size = 1; size < bytes.size(); ++size) ASSERT_EQ(reader.read_head(std::string_view(bytes).substr(0, size)), Step::incomplete);
  EXPECT_EQ(reader.read_head(bytes), Step::complete);
}

TEST(HttpRequestCodec, KnowsWhenAConnectionEnds) {
  const auto closes = [](const std::string& bytes) {
    HttpRequestReader reader({});
    EXPECT_EQ(reader.read_head(bytes), Step::complete) << reader.refusal().reason;
    return reader.wants_close();
  };
  EXPECT_FALSE(closes(head("")));  // RFC 9112 section 9.3
  EXPECT_TRUE(closes(head("Connection: x, CLOSE\r\n")));
  EXPECT_TRUE(closes("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(closes("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(HttpRequestCodec, TheTargetsHostWinsAsSection322Says) {
  const Seen seen = read("GET http://www.example.org/pub HTTP/1.1\r\nHost: other.test\r\n\r\n");
  ASSERT_EQ(seen.requests.size(), 1u);
  EXPECT_EQ(seen.requests[0].host, "www.example.org");
  EXPECT_EQ(seen.requests[0].path, "/pub");
  EXPECT_EQ(read("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n").requests.at(0).path, "*");
}

}  // namespace
}  // namespace telepost::adapters::net
