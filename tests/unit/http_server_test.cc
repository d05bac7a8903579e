// Exchanges over real sockets: framing, bodies, replies, and how connections begin and end.
#include "adapters/net/http_server.h"

#include "adapters/net/tls_identities.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/http_fixture.h"

namespace telepost::adapters::net {
namespace {

std::string post(std::string_view target, std::string_view fields) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a.test\r\n" + std::string(fields) + "\r\n";
}

TEST_F(Http, AnswersPipelinedRequestsInTheirOrder) {
  start();
  const std::string heard = ask(get("/hello", "") + post("/echo", "Content-Length: 3\r\n") + "abc" + get("/nothing", "") +
                                post("/echo", "Transfer-Encoding: chunked\r\n") + "2\r\nxy\r\n0\r\n\r\n" + get("/none") + get("/hello"));
  std::size_t at = 0;
  for (const char* expected : {"HTTP/1.1 200 OK\r\n", "\r\n\r\nhello\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nabc", "HTTP/1.1 404 Not Found\r\n", "\r\n\r\n{",
                               "HTTP/1.1 200 OK\r\n", "\r\n\r\nxy", "HTTP/1.1 204 No Content\r\n", "Connection: close\r\n\r\n"}) {
    at = heard.find(expected, at);
    ASSERT_NE(at, std::string::npos) << expected << " in " << heard;
  }
  EXPECT_TRUE(heard.ends_with("Connection: close\r\n\r\n")) << "what follows the last request is nobody's: " << heard;
  EXPECT_TRUE(has(heard, "Date: " )) << heard;  // RFC 9110 section 6.6.1
}

TEST_F(Http, AnswersAHeadLikeAGetWithoutItsBody) {
  start();
  for (const char* target : {"/hello", "/stream", "/stream?size", "/content", "/json", "/large"}) {
    std::string head = "HEAD" + get(target, "").substr(3), whole = get(target);
    const std::string heard = ask(head + whole);
    const std::size_t second = heard.find("HTTP/1.1 200 OK", 1);
    ASSERT_NE(second, std::string::npos) << target << heard;
    EXPECT_TRUE(heard.substr(0, second).ends_with("\r\n\r\n")) << target;
    EXPECT_EQ(heard.substr(0, second).find("\r\n\r\n"), second - 4) << target << ": nothing but a head";
    const auto framing = [&](std::string_view reply) {
      const std::size_t at = std::min(reply.find("Content-Length"), reply.find("Transfer-Encoding"));
      return std::string(reply.substr(at, reply.find("\r\n", at) - at));
    };
    EXPECT_EQ(framing(heard), framing(std::string_view(heard).substr(second))) << target;
  }
}

TEST_F(Http, AsksForABodyThatTheClientHoldsBack) {
  start();
  HttpPeer peer(endpoint());
  peer.say(post("/echo", "Content-Length: 5\r\nExpect: 100-Continue\r\n"));
  EXPECT_EQ(peer.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.say("hello" + get("/hello"));
  const std::string heard = peer.hear_all();
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 ")) << heard;
  EXPECT_TRUE(has(heard, "\r\n\r\nhelloHTTP/1.1 200 ")) << heard;
}

TEST_F(Http, DoesNotAskForABodyThatNobodyWants) {
  start();
  // RFC 9110 section 10.1.1: the client may send it or not, so nothing behind can be read.
  const std::string heard = ask(post("/hello", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 ")) << heard;
  EXPECT_TRUE(has(heard, "Connection: close\r\n")) << heard;
  const std::string large = ask(post("/echo", "Content-Length: 5000\r\nExpect: 100-continue\r\n"));
  EXPECT_TRUE(large.starts_with("HTTP/1.1 413 ")) << large;
}

TEST_F(Http, TakesABodyThatIsNotTooLarge) {
  start();
  EXPECT_TRUE(ask(post("/echo", "Connection: close\r\nContent-Length: 1000\r\n") + std::string(1000, 'x')).ends_with("\r\n\r\n" + std::string(1000, 'x')));
  EXPECT_TRUE(ask(post("/echo", "Content-Length: 1001\r\n") + std::string(1001, 'x')).starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  EXPECT_TRUE(ask(post("/echo", "Connection: close\r\nTransfer-Encoding: chunked\r\n") + chunk + chunk + "0\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask(post("/echo", "Transfer-Encoding: chunked\r\n") + chunk + chunk + "1\r\nx\r\n0\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(Http, SaysWhatIsWrongWithAChunkAndEnds) {
  start();
  const std::string heard = ask(post("/echo", "Transfer-Encoding: chunked\r\n") + "x\r\n" + get("/hello"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  EXPECT_FALSE(has(heard, "hello")) << heard;
}

TEST_F(Http, ReadsAnUploadOfAnySizePieceByPiece) {
  start();
  test::TempFolder folder;
  const std::string file = folder / "upload";
  FILE* const out = std::fopen(file.c_str(), "w");
  const std::string content = patterned(20'000'000);
  std::fwrite(content.data(), 1, content.size(), out);
  std::fclose(out);
  const std::string url = "http://" + to_string(endpoint()) + "/upload";
  EXPECT_EQ(test::output_of("curl -sS -T " + file + " " + url + " 2>&1"), "20000000\n");
  stage_.received = 0;
  EXPECT_EQ(test::output_of("curl -sS -T - " + url + " <" + file + " 2>&1"), "20000000\n") << "in chunks";
}

TEST_F(Http, GoesOnBehindABodyThatNobodyRead) {
  start();
  const std::string heard = ask(post("/hello", "Content-Length: 60000\r\n") + std::string(60'000, 'G') + get("/who"));
  EXPECT_TRUE(has(heard, "hello\n")) << heard;
  EXPECT_TRUE(heard.ends_with("127.0.0.1\n")) << heard;
  const std::string large = ask(post("/hello", "Content-Length: 66000\r\n") + std::string(66'000, 'G') + get("/who"));
  EXPECT_TRUE(has(large, "Connection: close\r\n")) << large;
  EXPECT_FALSE(large.ends_with("127.0.0.1\n")) << large;
}

TEST_F(Http, StreamsInChunksOrUpToASize) {
  start();
  EXPECT_EQ(body_of(ask(get("/stream"))), "4\r\none,\r\n4\r\ntwo,\r\n0\r\n\r\n");
  const std::string sized = ask(get("/stream?size"));
  EXPECT_EQ(body_of(sized), "one,two,");
  EXPECT_TRUE(has(sized, "Content-Length: 8\r\n")) << sized;
  const std::string old = ask("GET /stream HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(old), "one,two,") << "HTTP/1.0 knows no chunks";
  EXPECT_TRUE(has(old, "Connection: close\r\n")) << old;
}

TEST_F(Http, NeverLooksWholeWhenItsReplyWasCut) {
  start();
  EXPECT_EQ(body_of(ask(get("/cut", "") + get("/hello"))), "4\r\none,\r\n4\r\ntwo,\r\n") << "the last chunk is missing, and nothing follows";
  EXPECT_NE(test::output_of("curl -sS http://" + to_string(endpoint()) + "/cut 2>&1 >/dev/null", test::ExitCode::any), "") << "curl noticed";
}

TEST_F(Http, SurvivesAHandlersMistake) {
  start();
  const std::string heard = ask(get("/throw", "") + get("/hello"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << heard;
  EXPECT_FALSE(has(heard, "mistake")) << heard;
  EXPECT_TRUE(heard.ends_with("hello\n")) << heard;
}

TEST_F(Http, RefusesSmuggledRequestsAndHangsUp) {
  start();
  const std::string hidden = "0\r\n\r\n" + get("/hello");
  for (const std::string& fields : {std::string("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"), std::string("Transfer-Encoding: xchunked\r\n"),
                                    std::string("Content-Length: 5\r\nContent-Length: 0\r\n"), std::string("Transfer-Encoding:\r\n chunked\r\n")}) {
    const std::string heard = ask(post("/echo", fields) + hidden);
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
    EXPECT_EQ(heard.find("HTTP/1.1", 1), std::string::npos) << heard;
    EXPECT_TRUE(has(heard, "Connection: close\r\n")) << heard;
  }
}

TEST_F(Http, TellsItsOwnRefusalsAsAProblemWhereThatIsWanted) {
  start({.errors = HttpServerOptions::Errors::problem_json});
  const std::string heard = ask("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  EXPECT_TRUE(has(heard, "Content-Type: application/problem+json\r\n")) << heard;
  EXPECT_TRUE(body_of(heard).ends_with(R"("status":400,"title":"Bad Request","type":"about:blank"})")) << heard;
}

// Wherever in the server they are made.
TEST_F(Http, AllItsOwnRefusalsLookAlike) {
  const std::pair<std::string, std::string> refused[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {get("/throw"), "500"},
      {get("/json", "If-Match: \"j0\"\r\nConnection: close\r\n"), "412"},
      {get("/content", "If-Match: \"v0\"\r\nConnection: close\r\n"), "412"},
      {get("/content", "Range: bytes=200000-\r\nConnection: close\r\n"), "416"},
  };
  using Errors = HttpServerOptions::Errors;
  for (const auto& [errors, type] : {std::pair<Errors, std::string>{Errors::text, "text/plain; charset=utf-8"}, {Errors::problem_json, "application/problem+json"}}) {
    start({.errors = errors});
    for (const auto& [request, status] : refused) {
      const std::string heard = ask(request);
      EXPECT_EQ(heard.substr(9, 3), status) << heard;
      EXPECT_TRUE(has(heard, "Content-Type: " + type + "\r\n")) << heard;
      EXPECT_NE(body_of(heard), "") << heard;
    }
  }
}

TEST_F(Http, ItsFieldsAreOnceInEveryReply) {
  start({.fields = {{"X-Every", "reply"}}});
  const std::string unchanged = "If-None-Match: \"v1\"\r\nConnection: close\r\n";
  for (const std::string& request : {get("/hello"), get("/none"), get("/nothing"), get("/stream"), get("/content"), get("/content", unchanged), get("/throw"),
                                     std::string("GET / HTTP/1.1\r\n\r\n"), get("/" + std::string(9'000, 'x'))}) {
    const std::string heard = ask(request);
    EXPECT_TRUE(has(heard, "X-Every: reply\r\n")) << heard;
    EXPECT_EQ(heard.find("X-Every"), heard.rfind("X-Every")) << heard;
  }
}

TEST_F(Http, GivesTheConnectionToAnotherProtocol) {
  start();
  HttpPeer peer(endpoint());
  peer.say(get("/upgrade", "Connection: Upgrade\r\nUpgrade: echo\r\n") + "early ");
  EXPECT_EQ(peer.hear_until("early "), "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ");
  EXPECT_EQ(peer.ask("GET / HTTP/1.1\r\n\r\nbye"), "GET / HTTP/1.1\r\n\r\nbye");
  EXPECT_TRUE(ask(post("/upgrade", "Connection: close\r\nContent-Length: 1\r\n") + "x").starts_with("HTTP/1.1 409 ")) << "a body stands before the frames";
}

TEST_F(Http, PacksTextForWhoTakesGzip) {
  start();
  const std::string url = "http://" + to_string(endpoint());
  EXPECT_EQ(test::output_of("curl -sS --compressed " + url + "/json 2>&1"), std::string(5000, '1'));
  const std::string packed = ask(get("/json", "Accept-Encoding: gzip\r\nConnection: close\r\n"));
  EXPECT_TRUE(has(packed, "Content-Encoding: gzip\r\n")) << packed;
  EXPECT_TRUE(has(packed, "Vary: Accept-Encoding\r\n")) << packed;
  EXPECT_TRUE(has(packed, "ETag: W/\"j1\"\r\n")) << packed;
  EXPECT_LT(body_of(packed).size(), 200u);
  const std::string plain = ask(get("/json"));
  EXPECT_TRUE(has(plain, "Vary: Accept-Encoding\r\n")) << plain;
  EXPECT_TRUE(has(plain, "ETag: \"j1\"\r\n")) << plain;
  EXPECT_EQ(body_of(plain), std::string(5000, '1'));
  for (const char* target : {"/hello", "/large", "/content"}) {
    EXPECT_FALSE(has(ask(get(target, "Accept-Encoding: gzip\r\nConnection: close\r\n")), "Content-Encoding")) << target;
  }
  const std::string unchanged = ask(get("/json", "Accept-Encoding: gzip\r\nIf-None-Match: W/\"j1\"\r\nConnection: close\r\n"));
  EXPECT_TRUE(unchanged.starts_with("HTTP/1.1 304 Not Modified\r\n")) << unchanged;
  EXPECT_EQ(body_of(unchanged), "");
}

TEST_F(Http, SpeaksTlsFromTheFirstByte) {
  test::TempFolder folder;
  const auto identities = TlsIdentities::open({{}, folder.path(), {"a.test"}}, clock_).value();
  start({.listen_tls = {{"127.0.0.1", 0, ""}}, .identities = identities.get()});
  const std::string url = "https://" + to_string(endpoint());
  EXPECT_EQ(test::output_of("curl -sSk " + url + "/who " + url + "/hello 2>&1"), "127.0.0.1 in TLS\nhello\n") << "twice on one connection";
  EXPECT_EQ(test::output_of("curl -sSk -r 5-9 " + url + "/content 2>&1"), stage_.content.substr(5, 5));
  EXPECT_TRUE(test::output_of("curl -sSk " + url + "/content 2>&1") == stage_.content);
  EXPECT_EQ(ask(get("/hello")).find("HTTP/1.1"), std::string::npos) << "plain text gets no answer in plain text";
  EXPECT_EQ(HttpServer::start(threads_, {.listen_tls = {{"127.0.0.1", 0, ""}}}, clock_, nullptr).error().kind, Errc::invalid);
}

TEST_F(Http, ListensNowhereWhenOnePlaceIsTaken) {
  start();
  const schema::Endpoint taken = endpoint();
  EXPECT_EQ(HttpServer::start(threads_, {.listen = {{"127.0.0.1", 0, ""}, taken}}, clock_, nullptr).error().kind, Errc::busy);
  EXPECT_EQ(HttpServer::start(threads_, {.listen = {{"", 0, "/tmp/x"}}}, clock_, nullptr).error().kind, Errc::invalid);
}

}  // namespace
}  // namespace telepost::adapters::net
