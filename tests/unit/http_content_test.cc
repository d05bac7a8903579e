// Content over a real socket: conditions, one range, several.
#include "adapters/net/http_content.h"

#include "tests/unit/http_fixture.h"

namespace telepost::adapters::net {
namespace {

TEST_F(Http, SendsContentWholeWithWhatTellsItsVersion) {
  start();
  const std::string heard = ask(get("/content"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 OK\r\n"));
  for (const char* field : {"Content-Type: audio/x-test\r\n", "Content-Length: 200000\r\n", "ETag: \"v1\"\r\n", "Accept-Ranges: bytes\r\n",
                            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "Cache-Control: private\r\n"}) {
    EXPECT_TRUE(has(heard, field)) << field;
  }
  EXPECT_TRUE(body_of(heard) == stage_.content);
}

TEST_F(Http, SendsOneRangeOfContent) {
  start();
  const std::string heard = ask(get("/content", "Range: bytes=100000-199999\r\nConnection: close\r\n"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 206 Partial Content\r\n"));
  EXPECT_TRUE(has(heard, "Content-Range: bytes 100000-199999/200000\r\n"));
  EXPECT_TRUE(has(heard, "Content-Length: 100000\r\n"));
  EXPECT_TRUE(body_of(heard) == stage_.content.substr(100'000));
  const std::string url = "http://" + to_string(endpoint()) + "/content";
  EXPECT_EQ(test::output_of("curl -sS -r -7 " + url), stage_.content.substr(199'993));
}

// RFC 9110 section 14.6, read as RFC 2046 section 5.1 reads it.
TEST_F(Http, SendsSeveralRangesApart) {
  start();
  const std::string heard = ask(get("/content", "Range: bytes=0-9,70000-199998,-1\r\nConnection: close\r\n"));
  ASSERT_TRUE(heard.starts_with("HTTP/1.1 206 ")) << heard.substr(0, 300);
  const std::string body = body_of(heard);
  EXPECT_TRUE(has(heard, "Content-Length: " + std::to_string(body.size()) + "\r\n"));
  EXPECT_FALSE(has(heard.substr(0, heard.find("\r\n\r\n")), "Content-Range")) << "only parts have one";
  const std::string mark = "multipart/byteranges; boundary=";
  const std::size_t at = heard.find(mark) + mark.size();
  const std::string boundary = "\r\n--" + heard.substr(at, heard.find("\r\n", at) - at);
  std::size_t place = 0;
  // The last two touch: 70000 to the end is one range.
  for (const auto& [first, last] : {std::pair<std::size_t, std::size_t>{0, 9}, {70'000, 199'999}}) {
    const std::string head = boundary + "\r\nContent-Type: audio/x-test\r\nContent-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/200000\r\n\r\n";
    ASSERT_EQ(body.substr(place, head.size()), head);
    EXPECT_TRUE(body.substr(place + head.size(), last - first + 1) == stage_.content.substr(first, last - first + 1));
    place += head.size() + last - first + 1;
  }
  EXPECT_EQ(body.substr(place), boundary + "--\r\n");
}

TEST_F(Http, SaysWhatItHasWhenNoRangeFits) {
  start();
  const std::string heard = ask(get("/content", "Range: bytes=200000-\r\nConnection: close\r\n"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 416 Range Not Satisfiable\r\n")) << heard.substr(0, 300);
  EXPECT_TRUE(has(heard, "Content-Range: bytes */200000\r\n"));
}

TEST_F(Http, JudgesConditionsBeforeRanges) {
  start();
  const auto status = [&](const std::string& fields) { return ask(get("/content", fields + "Connection: close\r\n")).substr(9, 3); };
  EXPECT_EQ(status("If-None-Match: \"v1\"\r\nRange: bytes=0-1\r\n"), "304");
  EXPECT_EQ(status("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), "304");
  EXPECT_EQ(status("If-Match: \"v0\"\r\n"), "412");
  EXPECT_EQ(status("If-Range: \"v1\"\r\nRange: bytes=0-1\r\n"), "206");
  EXPECT_EQ(status("If-Range: \"v0\"\r\nRange: bytes=0-1\r\n"), "200");
  EXPECT_EQ(status("If-Range: \"v0\"\r\nRange: bytes=200000-\r\n"), "200");
  EXPECT_EQ(status("Range: lines=0-1\r\n"), "200");
  const std::string head = ask("HEAD" + get("/content", "Range: bytes=0-1\r\nConnection: close\r\n").substr(3));
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << "section 14.2: a Range is for GET";
}

TEST_F(Http, SendsNothingOfContentThatIsEmpty) {
  stage_.content.clear();
  start();
  const std::string heard = ask(get("/content", "Range: bytes=-5\r\nConnection: close\r\n"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 ")) << heard;
  EXPECT_TRUE(has(heard, "Content-Length: 0\r\n")) << heard;
}

}  // namespace
}  // namespace telepost::adapters::net
