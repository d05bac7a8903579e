// Dates, lists, codings, conditions and targets of HTTP with the examples of RFC 9110 and 3986.
#include <gtest/gtest.h>

#include "adapters/net/http_accept_codec.h"
#include "adapters/net/http_condition_codec.h"
#include "adapters/net/http_date_codec.h"
#include "adapters/net/http_field_codec.h"
#include "adapters/net/http_reply_codec.h"
#include "adapters/net/http_target_codec.h"

namespace telepost::adapters::net {
namespace {

using namespace std::chrono_literals;
const Time kNow = from_rfc3339("2026-11-20T16:25:30Z").value();
const Time kExample = from_rfc3339("1994-11-06T08:49:37Z").value();  // RFC 9110 section 5.6.7

TEST(HttpDateCodec, ReadsTheThreeFormsOfSection567) {
  EXPECT_EQ(from_http_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(from_http_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(from_http_date("Sun Nov  6 08:49:37 1994", kNow), kExample);
  EXPECT_EQ(from_http_date("Sun Nov 16 08:49:37 1994", kNow), kExample + std::chrono::days(10));
}

TEST(HttpDateCodec, WritesTheFixedForm) {
  EXPECT_EQ(to_http_date(kExample), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date(kExample + 999ms), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date(from_rfc3339("2024-02-29T23:59:59Z").value()), "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(HttpDateCodec, TakesTwoDigitsForNoMoreThanFiftyYearsAhead) {
  EXPECT_EQ(from_http_date("Friday, 20-Nov-76 00:00:00 GMT", kNow), from_rfc3339("2076-11-20T00:00:00Z").value());
  EXPECT_EQ(from_http_date("Sunday, 20-Nov-77 00:00:00 GMT", kNow), from_rfc3339("1977-11-20T00:00:00Z").value());
  EXPECT_EQ(from_http_date("Sunday, 20-Nov-00 00:00:00 GMT", kNow), from_rfc3339("2000-11-20T00:00:00Z").value());
}

TEST(HttpDateCodec, RefusesEverythingElse) {
  for (const char* bad : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 +0000", "sun, 06 Nov 1994 08:49:37 GMT",
                          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
                          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06T08:49:37Z", "784111777"}) {
    EXPECT_EQ(from_http_date(bad, kNow), std::nullopt) << bad;
  }
  EXPECT_EQ(from_http_date("Sun, 06 Nov 1994 08:49:60 GMT", kNow), kExample + 22s) << "a leap second";
}

TEST(HttpFieldCodec, SplitsListsOutsideOfQuotes) {
  using List = std::vector<std::string_view>;
  EXPECT_EQ(http_list("foo , ,bar,charlie"), (List{"foo", "bar", "charlie"}));  // RFC 9110 section 5.6.1.2
  EXPECT_EQ(http_list(""), List{});
  EXPECT_EQ(http_list(", ,"), List{});
  EXPECT_EQ(http_list("\"a,b\", c"), (List{"\"a,b\"", "c"}));
  EXPECT_EQ(http_list("\"a\\\",b\",c"), (List{"\"a\\\",b\"", "c"}));
  EXPECT_EQ(http_list("\"open, end"), (List{"\"open, end"}));
}

TEST(HttpAcceptCodec, DecidesAsTheExamplesOfSection1253Say) {
  EXPECT_TRUE(prefers_gzip("compress, gzip"));
  EXPECT_FALSE(prefers_gzip(""));
  EXPECT_TRUE(prefers_gzip("*"));
  EXPECT_TRUE(prefers_gzip("compress;q=0.5, gzip;q=1.0"));
  EXPECT_TRUE(prefers_gzip("gzip;q=1.0, identity; q=0.5, *;q=0"));
}

TEST(HttpAcceptCodec, LeavesContentAloneForWhoDoesNotAsk) {
  EXPECT_FALSE(prefers_gzip(std::nullopt));
  EXPECT_FALSE(prefers_gzip("gzip;q=0"));
  EXPECT_FALSE(prefers_gzip("gzip;q=0.000, *"));
  EXPECT_FALSE(prefers_gzip("br, deflate"));
  EXPECT_FALSE(prefers_gzip("gzip;q=0.4, identity;q=0.5"));
  EXPECT_FALSE(prefers_gzip("gzip;q=1.5"));
  EXPECT_FALSE(prefers_gzip("gzip;x=1"));
  EXPECT_TRUE(prefers_gzip("GZIP"));
  EXPECT_TRUE(prefers_gzip("x-gzip;q=0.001"));  // section 8.4.1.3
}

std::optional<std::size_t> prefers(std::optional<std::string_view> accept, std::initializer_list<std::string_view> offered) {
  return preferred_type(accept, std::vector<std::string_view>(offered));
}

// RFC 9110 section 12.5.1: the most specific range that names a type gives its weight.
TEST(HttpAcceptCodec, FindsTheTypeThatIsLikedBest) {
  EXPECT_EQ(prefers("audio/*; q=0.2, audio/basic", {"audio/mpeg", "audio/basic"}), 1u);
  EXPECT_EQ(prefers("text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c", {"text/plain", "text/x-dvi", "text/html"}), 2u);
  constexpr std::string_view kSeveral = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
  EXPECT_EQ(prefers(kSeveral, {"text/html", "image/jpeg", "text/plain"}), 2u);
  EXPECT_EQ(prefers(kSeveral, {"text/html", "image/jpeg"}), 1u);
  EXPECT_EQ(prefers("TEXT/Plain", {"text/html", "text/plain"}), 1u);
}

TEST(HttpAcceptCodec, TakesTheFirstOfWhatIsLikedAlike) {
  EXPECT_EQ(prefers("*/*", {"text/html", "text/plain"}), 0u);
  EXPECT_EQ(prefers("text/*", {"text/html", "text/plain"}), 0u);
  EXPECT_EQ(prefers("application/json, text/plain, */*", {"text/html", "text/plain"}), 0u);  // what some libraries always send
}

TEST(HttpAcceptCodec, FindsNothingWhereNoneIsTaken) {
  EXPECT_EQ(prefers(std::nullopt, {"text/html"}), std::nullopt);
  for (const char* accept : {"", "image/png", "text/html;q=0", "*/*, text/html;q=0", "text/html;level=1", "text", "/", "text/", "*;q=1", "text/html;q=2"}) {
    EXPECT_EQ(prefers(accept, {"text/html"}), std::nullopt) << accept;
  }
}

TEST(HttpAcceptCodec, PacksTextAndNothingThatIsPackedOrFlows) {
  for (const char* type : {"text/html; charset=utf-8", "application/json", "Application/JSON;x=1", "application/problem+json", "image/svg+xml"}) {
    EXPECT_TRUE(is_packable(type)) << type;
  }
  for (const char* type : {"image/png", "application/octet-stream", "text/event-stream", "audio/ogg", ""}) EXPECT_FALSE(is_packable(type)) << type;
}

HttpVerdict judge(HttpFields fields, const char* etag, std::optional<Time> modified = {}, std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.fields = std::move(fields);
  const HttpValidators current{etag, modified};
  return judge_conditions(request, &current, kNow);
}

// RFC 9110 section 8.8.3.2: If-Match compares strongly, If-None-Match weakly.
TEST(HttpConditionCodec, ComparesTagsAsTheTableOfSection8832Says) {
  struct Row {
    const char* one;
    const char* two;
    bool strong, weak;
  };
  for (const Row& row : {Row{R"(W/"1")", R"(W/"1")", false, true}, Row{R"(W/"1")", R"(W/"2")", false, false},
                         Row{R"(W/"1")", R"("1")", false, true}, Row{R"("1")", R"("1")", true, true}}) {
    EXPECT_EQ(judge({{"If-Match", row.one}}, row.two) == HttpVerdict::go_on, row.strong) << row.one << row.two;
    EXPECT_EQ(judge({{"If-None-Match", row.one}}, row.two) == HttpVerdict::unchanged, row.weak) << row.one << row.two;
  }
}

TEST(HttpConditionCodec, FindsATagInAListAndInSeveralFields) {
  const char* const kList = R"("xyzzy", "r2d2xxxx", "c3piozzzz")";  // section 13.1.1
  EXPECT_EQ(judge({{"If-Match", kList}}, R"("r2d2xxxx")"), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-Match", kList}}, R"("other")"), HttpVerdict::failed);
  EXPECT_EQ(judge({{"if-none-match", R"(W/"xyzzy")"}, {"If-None-Match", R"(W/"r2d2xxxx")"}}, R"("r2d2xxxx")"), HttpVerdict::unchanged);
  EXPECT_EQ(judge({{"If-None-Match", R"("a,b" , "c")"}}, R"("c")"), HttpVerdict::unchanged);
  EXPECT_EQ(judge({{"If-None-Match", R"("a","b)"}}, R"("b")"), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-None-Match", "xyzzy"}}, R"("xyzzy")"), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-None-Match", R"("")"}}, R"("")"), HttpVerdict::unchanged);
}

TEST(HttpConditionCodec, KnowsWhetherAnythingIsThere) {
  HttpRequest request;
  request.method = "PUT";
  request.fields = {{"If-None-Match", "*"}};
  const HttpValidators current{"\"1\"", {}};
  EXPECT_EQ(judge_conditions(request, nullptr, kNow), HttpVerdict::go_on);
  EXPECT_EQ(judge_conditions(request, &current, kNow), HttpVerdict::failed);
  request.fields = {{"If-Match", "*"}};
  EXPECT_EQ(judge_conditions(request, nullptr, kNow), HttpVerdict::failed);
  EXPECT_EQ(judge_conditions(request, &current, kNow), HttpVerdict::go_on);
}

TEST(HttpConditionCodec, ComparesDatesBySeconds) {
  const char* const kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(judge({{"If-Modified-Since", kDate}}, "", kExample + 900ms), HttpVerdict::unchanged);
  EXPECT_EQ(judge({{"If-Modified-Since", kDate}}, "", kExample + 1s), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-Modified-Since", kDate}}, "", kExample, "POST"), HttpVerdict::go_on) << "only for GET and HEAD";
  EXPECT_EQ(judge({{"If-Modified-Since", "yesterday"}}, "", kExample), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-Unmodified-Since", kDate}}, "", kExample + 900ms), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-Unmodified-Since", kDate}}, "", kExample + 1s), HttpVerdict::failed);
  EXPECT_EQ(judge({{"If-Unmodified-Since", kDate}}, ""), HttpVerdict::go_on) << "without a date there is nothing to compare";
}

TEST(HttpConditionCodec, TakesTagsBeforeDatesAsSection1322Says) {
  const char* const kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(judge({{"If-Match", "\"1\""}, {"If-Unmodified-Since", kDate}}, "\"1\"", kExample + 1s), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-None-Match", "\"2\""}, {"If-Modified-Since", kDate}}, "\"1\"", kExample), HttpVerdict::go_on);
  EXPECT_EQ(judge({{"If-Match", "\"1\""}, {"If-None-Match", "\"1\""}}, "\"1\""), HttpVerdict::unchanged);
  EXPECT_EQ(judge({{"If-Match", "\"2\""}, {"If-None-Match", "\"1\""}}, "\"1\""), HttpVerdict::failed);
  EXPECT_EQ(judge({{"If-None-Match", "\"1\""}}, "\"1\"", {}, "DELETE"), HttpVerdict::failed);
}

TEST(HttpConditionCodec, ARangeCountsOnlyForWhatIsStillThere) {
  const auto wanted = [](const char* if_range, HttpValidators current) {
    HttpRequest request;
    request.fields = {{"If-Range", if_range}};
    return is_range_wanted(request, current, kNow);
  };
  EXPECT_TRUE(is_range_wanted(HttpRequest(), {}, kNow));
  EXPECT_TRUE(wanted("\"1\"", {"\"1\"", {}}));
  EXPECT_FALSE(wanted("\"1\"", {"\"2\"", {}}));
  EXPECT_FALSE(wanted("W/\"1\"", {"W/\"1\"", {}})) << "a weak tag does not promise the same bytes";
  EXPECT_TRUE(wanted("Sun, 06 Nov 1994 08:49:37 GMT", {"", kExample}));
  EXPECT_FALSE(wanted("Sun, 06 Nov 1994 08:49:38 GMT", {"", kExample})) << "it must be the very date";
  EXPECT_FALSE(wanted("Fri, 20 Nov 2026 16:25:30 GMT", {"", kNow})) << "it may change again in this second";
  EXPECT_FALSE(wanted("nonsense", {"\"1\"", kExample}));
}

TEST(HttpTargetCodec, DecodesOnceAndKeepsWhatWasOneSegment) {
  const HttpTarget target = parse_target("/jmap/download/a1/p2/a%20b%2Fc+d%2525.txt?accept=image%2Fpng&x=1+1&x=&y").value();
  EXPECT_EQ(target.path, "/jmap/download/a1/p2/a b/c+d%25.txt");
  EXPECT_EQ(target.segments, (std::vector<std::string>{"jmap", "download", "a1", "p2", "a b/c+d%25.txt"}));
  EXPECT_EQ(target.query, (std::vector<std::pair<std::string, std::string>>{{"accept", "image/png"}, {"x", "1 1"}, {"x", ""}, {"y", ""}}));
  EXPECT_EQ(target.host, "");
}

TEST(HttpTargetCodec, ReadsTheFormsOfSection32) {
  EXPECT_EQ(parse_target("/where?q=now")->path, "/where");  // RFC 9112 sections 3.2.1, 3.2.2, 3.2.4
  const HttpTarget absolute = parse_target("http://www.example.org/pub/WWW/TheProject.html").value();
  EXPECT_EQ(absolute.host, "www.example.org");
  EXPECT_EQ(absolute.path, "/pub/WWW/TheProject.html");
  EXPECT_EQ(parse_target("HTTPS://[2001:db8::1]:8443?x")->path, "/");
  EXPECT_EQ(parse_target("*")->path, "*");
  EXPECT_EQ(parse_target("/")->segments, std::vector<std::string>{""});
  EXPECT_EQ(parse_target("//a/")->segments, (std::vector<std::string>{"", "a", ""}));
}

TEST(HttpTargetCodec, RefusesWhatClimbsHidesOrIsNoText) {
  for (const char* bad : {"/..", "/a/../b", "/a/%2e%2E/b", "/a/..%2fb", "/a%2f..%2fb", "/a%5c..%5cb", "/a/.", "/.%2fa", "/%00", "/a%00.txt", "/a?x=%00",
                          "/%", "/%4", "/%zz", "/%0a", "/%7f", "/%ff", "/%c0%af", "/a?x=%80", "/a#b", "/a b", "/\xc3\xa9", "", "a", "www.example.com:80",
                          "ftp://host/a", "http://", "http:///a", "http://user@host/", "http://ho st/"}) {
    EXPECT_FALSE(parse_target(bad).ok()) << bad;
  }
  EXPECT_TRUE(parse_target("/...").ok());
  EXPECT_TRUE(parse_target("/..a/.b?x=../..").ok());
  EXPECT_TRUE(parse_target("/%c3%a9").ok());
  std::string many = "/?";
  for (std::size_t i = 0; i < kMostParameters; ++i) many += "&a=1";
  EXPECT_TRUE(parse_target(many).ok());
  EXPECT_FALSE(parse_target(many + "&a").ok());
}

TEST(HttpTargetCodec, WritesASegmentThatReadsBack) {
  EXPECT_EQ(to_segment("a b/c?%\xc3\xa9"), "a%20b%2Fc%3F%25%C3%A9");
  EXPECT_EQ(to_segment("A-z.0_~"), "A-z.0_~");  // RFC 3986 section 2.3
}

TEST(HttpReplyCodec, LetsNoValueEndItsLine) {
  std::string out;
  const HttpReply reply{.status = 200, .fields = {{"X-Name", "a\r\nSet-Cookie: b=1\n\n<"}, {"bad name", "x"}, {"", "x"}}};
  append_head(out, reply, {.date = kExample, .size_bytes = 3});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Length: 3\r\nX-Name: a  Set-Cookie: b=1  <\r\n\r\n");
}

TEST(HttpReplyCodec, SaysNothingOfContentWhereThereIsNone) {
  for (const unsigned status : {204u, 304u}) {
    std::string out;
    append_head(out, HttpReply{.status = status, .validators = {"\"1\"", kExample}}, {.date = kExample, .size_bytes = 0});
    EXPECT_EQ(out.find("Content-"), std::string::npos) << out;
    EXPECT_NE(out.find("ETag: \"1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), std::string::npos) << out;
  }
}

TEST(HttpReplyCodec, NamesStatusesAsSection15Does) {
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(413), "Content Too Large");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

// RFC 9457 section 3.
TEST(HttpReplyCodec, TellsProblemsAsJson) {
  const HttpReply plain = problem(404, "no such blob");
  EXPECT_EQ(plain.content_type, "application/problem+json");
  EXPECT_EQ(plain.body, R"({"detail":"no such blob","status":404,"title":"Not Found","type":"about:blank"})");
  EXPECT_NE(problem(400, "\xff\"").body.find("\xef\xbf\xbd\\\""), std::string::npos);
  EXPECT_EQ(problem(Error{Errc::too_large, "too large"}).status, 413u);
  EXPECT_EQ(problem(Error{Errc::io, "disk 7 is broken"}).body.find("disk"), std::string::npos);
}

}  // namespace
}  // namespace telepost::adapters::net
