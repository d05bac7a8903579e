// What the admin socket and the command line make of requests, answers and foreign text, without a store.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "adapters/admin/arguments.h"
#include "adapters/admin/channel.h"
#include "adapters/admin/http.h"
#include "adapters/admin/line_ends.h"
#include "cli/table.h"

namespace telepost {
namespace {

using namespace adapters::admin;

std::pair<Channel, Channel> connected() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  return {Channel(Descriptor(ends[0])), Channel(Descriptor(ends[1]))};
}

TEST(AdminArguments, NamesTheArgumentThatIsMissingOrOfAnotherType) {
  const Json args = {{"limit", "ten"}, {"aliases", {"a", 1}}};
  Arguments arguments(args);
  EXPECT_EQ(arguments.text("account").error(), (Error{Errc::invalid, "account is missing"}));
  EXPECT_EQ(arguments.number_or("limit", 50).error(),
            (Error{Errc::invalid, "limit wants a whole number, 0 or more"}));
  EXPECT_EQ(arguments.texts("aliases").error(), (Error{Errc::invalid, "aliases wants a list of strings"}));
}

TEST(AdminArguments, RefusesAnArgumentThatTheVerbDoesNotKnow) {
  const Json args = {{"account", "ann@example.test"}, {"acount", "x"}};
  Arguments arguments(args);
  EXPECT_EQ(arguments.text("account").value(), "ann@example.test");
  EXPECT_EQ(arguments.done().error(), (Error{Errc::invalid, "unknown argument acount"}));
}

TEST(AdminArguments, RefusesANegativeNumber) {
  const Json args = {{"limit", -1}};
  EXPECT_FALSE(Arguments(args).number_or("limit", 50).ok());
}

TEST(AdminArguments, ReadsADateAsItsFirstMomentInUtc) {
  EXPECT_EQ(time_from("2026-11-20").value(), from_rfc3339("2026-11-20T00:00:00Z").value());
  EXPECT_EQ(time_from("2026-11-20T17:25:30+01:00").value(), from_rfc3339("2026-11-20T16:25:30Z").value());
  EXPECT_FALSE(time_from("yesterday").ok());
}

TEST(AdminStatus, FindsEveryKindOfFailureByItsName) {
  for (int kind = static_cast<int>(Errc::invalid); kind <= static_cast<int>(Errc::unsupported); ++kind) {
    EXPECT_EQ(errc_from(name_of(static_cast<Errc>(kind))).value(), static_cast<Errc>(kind));
  }
  EXPECT_FALSE(errc_from("").ok());
}

// sysexits.h: EX_DATAERR 65, EX_NOUSER 67, EX_TEMPFAIL 75.
TEST(AdminStatus, EndsCommandsAsSysexitsSays) {
  EXPECT_EQ(exit_code_of(Errc::invalid), 65);
  EXPECT_EQ(exit_code_of(Errc::not_found), 67);
  EXPECT_EQ(exit_code_of(Errc::busy), 75);
  EXPECT_EQ(exit_code_of(Errc::disk_full), 75);
  EXPECT_EQ(exit_code_of(Errc::corrupt), 1);
}

TEST(AdminChannel, CarriesFramesOfEverySizeUnchanged) {
  auto [here, there] = connected();
  const std::string large(300'000, '\xff');
  std::thread sender([&here = here, &large] {
    for (const std::string& payload : {std::string(), std::string("x"), large}) {
      EXPECT_TRUE(here.send(FrameKind::bytes, payload).ok());
    }
  });
  EXPECT_EQ(there.receive(kMaxFrameBytes).value().payload, "");
  EXPECT_EQ(there.receive(kMaxFrameBytes).value().payload, "x");
  EXPECT_EQ(there.receive(kMaxFrameBytes).value().payload, large);
  sender.join();
}

TEST(AdminChannel, RefusesAFrameAboveTheLimitBeforeItTakesMemoryForIt) {
  auto [here, there] = connected();
  const char head[] = {'Q', '\x7f', '\x00', '\x00', '\x00'};
  ASSERT_EQ(::send(here.fd(), head, sizeof(head), 0), 5);
  EXPECT_EQ(there.receive(kMaxRequestBytes).error().kind, Errc::too_large);
}

TEST(AdminChannel, RefusesWhatIsNoFrame) {
  auto [here, there] = connected();
  ASSERT_EQ(::send(here.fd(), "GET / HTTP/1.1\r\n", 16, 0), 16);
  EXPECT_FALSE(there.receive(kMaxRequestBytes).ok());
  ASSERT_EQ(::send(here.fd(), "{\"verb\":\"x\"}", 12, 0), 12);
  EXPECT_FALSE(there.receive(kMaxRequestBytes).ok());
}

TEST(AdminChannel, TellsThatTheOtherSideIsGone) {
  auto [here, there] = connected();
  { const Channel gone = std::move(here); }
  EXPECT_EQ(there.receive(kMaxRequestBytes).error().kind, Errc::cancelled);
}

TEST(AdminLineEnds, GiveAUnixFileTheLineEndsOfMail) {
  LineEnds line_ends;
  EXPECT_EQ(line_ends.convert("Subject: x"), "");
  EXPECT_EQ(line_ends.convert("\n\nbody\n"), "Subject: x\r\n\r\nbody\r\n");
  EXPECT_EQ(line_ends.convert("a\r"), "a\r");
  EXPECT_EQ(line_ends.convert("\nb\n"), "\nb\r\n");
}

TEST(AdminLineEnds, LeaveMailWithItsOwnLineEndsByteForByte) {
  LineEnds line_ends;
  const std::string mail = "Subject: x\r\n\r\nbare \n and \r stay\r\n";
  std::string out;
  for (const char c : mail) out += line_ends.convert(std::string(1, c));
  EXPECT_EQ(out + line_ends.finish(), mail);
}

TEST(AdminLineEnds, KeepAFileWithoutAnyLineEnd) {
  LineEnds line_ends;
  EXPECT_EQ(line_ends.convert("Subject: x"), "");
  EXPECT_EQ(line_ends.finish(), "Subject: x");
}

adapters::net::HttpRequest asking(std::string method, std::string path) {
  adapters::net::HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

TEST(AdminHttp, SaysWhyItIsNotReady) {
  const auto response = answer(asking("GET", "/readyz"), [] { return Result<void>(Errc::disk_full, "no room"); });
  EXPECT_EQ(response.status, 503u);
  EXPECT_EQ(response.body, "disk_full: no room\n");
  EXPECT_EQ(answer(asking("GET", "/readyz"), [] { return Result<void>(); }).status, 200u);
  EXPECT_EQ(answer(asking("GET", "/healthz"), [] { return Result<void>(Errc::io, "disk"); }).status, 200u);
}

TEST(AdminHttp, ShowsMetricsToGetAlone) {
  const auto ready = [] { return Result<void>(); };
  EXPECT_EQ(answer(asking("GET", "/metrics"), ready).content_type,
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer(asking("POST", "/metrics"), ready).status, 405u);
  EXPECT_EQ(answer(asking("GET", "/"), ready).status, 404u);
}

TEST(CliTable, PrintsNoControlCharacterOfForeignText) {
  EXPECT_EQ(cli::printable("a\x1b[31mb\tc\r\n"), "a [31mb c  ");
  EXPECT_EQ(cli::printable("a\xc2\x9b"
                           "2Jb"),
            "a 2Jb");  // U+009B is CSI on many terminals
  EXPECT_EQ(cli::printable("caf\xe9"), "caf\xef\xbf\xbd");
  EXPECT_EQ(cli::printable("fdp.\u202egnp\u2066\u200f!"), "fdp.gnp!");  // Unicode TR 9: what is read is not what stands there
}

TEST(AdminExchange, JsonEscapesWhatATerminalWouldObey) {
  const Json object = {{"subject", "a\u009b2J \u202eb \u2028\x7f ä\x1b"}};
  EXPECT_EQ(to_line(object), R"({"subject":"a\u009b2J \u202eb \u2028\u007f ä\u001b"})");
  EXPECT_EQ(Json::parse(to_line(object)), object);
}

TEST(CliTable, AlignsByCharactersAndCutsWhatIsTooWide) {
  cli::Table table(
      {{"NAME", "name", cli::Column::Show::text, 5}, {"SIZE", "size", cli::Column::Show::right}});
  EXPECT_EQ(table.add({{"name", "Zoë"}, {"size", 7}}), "");
  EXPECT_EQ(table.add({{"name", "Bartholomew"}, {"size", 1234}}), "");
  EXPECT_EQ(table.finish(), "NAME   SIZE\nZoë       7\nBart…  1234\n");
}

TEST(CliTable, StreamsALongListInsteadOfKeepingIt) {
  cli::Table table(std::vector<cli::Column>{{"ID", "id"}});
  std::size_t printed = 0;
  for (int i = 0; i < 250; ++i) printed += table.add({{"id", i}}).empty() ? 0u : 1u;
  EXPECT_EQ(printed, 151u);  // the first hundred at once, then each
  EXPECT_EQ(table.finish(), "");
}

}  // namespace
}  // namespace telepost
