// The rules of the house that a program can check, as data. DESIGN section 2 and STYLE give the reasons; a finding
// names the rule and what to do. An exception stands in allowed.txt with its reason.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace telepost::style {

using Names = std::vector<std::string_view>;

// What stands at the root; names that begin with a dot are the tools'.
inline const Names kAtRoot = {"CMakeLists.txt", "CMakePresets.json", "CMakeUserPresets.json", "README.md", "adapters", "base", "cli", "cmake",
                              "policies", "portal", "schema", "script", "store", "tests", "transcoders"};

// Who may include whom. A folder that is not here (tests) may include all.
struct Rung {
  std::string_view folder;
  Names may_include;
};
inline const std::vector<Rung> kLadder = {
    {"base", {"base"}},
    {"schema", {"base", "schema"}},
    {"transcoders", {"base", "schema", "transcoders"}},
    {"policies", {"base", "schema", "policies"}},
    {"store", {"base", "schema", "transcoders", "policies", "store"}},
    {"adapters", {"base", "schema", "transcoders", "policies", "store", "adapters"}},
    {"cli", {"base", "schema", "transcoders", "policies", "store", "adapters", "cli"}},
};
// Of the adapters each may include only itself and what several share.
inline constexpr std::string_view kSharedAdapter = "adapters/net";
// The voice and fax adapters run in a process of their own and reach the store by LMTP and JMAP.
inline const Names kWithoutStore = {"adapters/ivr/", "adapters/fax/"};

// Which files may include a foreign library: the header begins with `header`, the file with one of `files`.
struct Library {
  std::string_view header;
  Names files;
};
inline const std::vector<Library> kLibraries = {
    {"rocksdb/", {"store/engine/rocksdb", "tests/"}},
    {"boost/asio", {"adapters/", "cli/", "tests/"}},
    {"boost/beast", {"adapters/net/"}},
    {"xercesc/", {"schema/xml/"}},
    {"mimetic/", {"transcoders/mime"}},
    {"libxml/", {"transcoders/mime/html_sanitizer"}},
    {"unicode/", {"transcoders/unicode", "transcoders/words"}},
    {"libav", {"transcoders/"}},
    {"libsw", {"transcoders/"}},
    {"tiff", {"transcoders/"}},
    {"toml++/", {"schema/configuration", "schema/setting"}},
    {"nlohmann/", {"adapters/", "cli/", "tests/"}},
    {"argon2.h", {"store/"}},
    {"zstd.h", {"transcoders/codec/zstd"}},
    {"zdict.h", {"transcoders/codec/zstd"}},
    {"FLAC/", {"transcoders/codec/flac"}},
    {"CLI/", {"cli/"}},
    {"openssl/ssl.h", {"adapters/net/", "tests/dialog/tls_client"}},
    {"curl/", {"adapters/net/https_fetch", "adapters/net/http_client"}},
    {"zlib.h", {"adapters/net/http_gzip"}},
    {"ares", {"adapters/net/dns_resolver"}},  // one seam: the rest of us awaits net::Resolver
    {"libpsl.h", {"adapters/smtp/authentication/public_suffix"}},
    {"idn2.h", {"adapters/smtp/authentication/public_suffix"}},
    {"gtest/", {"tests/"}},
};
// A codec turns bytes into commands and back and is fuzzed without a network.
inline constexpr std::string_view kNotInCodecs = "boost/asio";

// Words that say nothing. Neither a type nor a file may have one as a part of its name (also with an s).
inline const Names kBannedWords = {"manager", "helper", "util", "common", "misc",
                                   "data",    "info",   "base", "impl",   "processor"};

// But where a protocol's own word is one of them, the RFC wins: DATA is a command of RFC 5321 section 4.1.1.4.
struct ProtocolWord {
  std::string_view word;
  Names files;
};
inline const std::vector<ProtocolWord> kProtocolWords = {
    {"data", {"adapters/smtp/", "tests/unit/smtp_", "tests/dialog/smtp", "tests/fuzz/smtp_"}},
};

// Text that may not stand in sources: a regular expression, words of which one stands in whatever it matches (they are found faster),
// the folder it is searched in ("" is all), why.
struct BannedText {
  std::string_view rule;
  std::string_view pattern;
  Names words;
  std::string_view folder;
  std::string_view why;
};
inline const std::vector<BannedText> kBannedTexts = {
    {"sleep", R"(\b(sleep_for|sleep_until|usleep|nanosleep)\b|\btime\.sleep\(|::sleep\()", {"sleep"}, "tests/",
     "a test that waits by the clock is slow on one machine and fails on another; wait for the event"},
    {"unfinished", R"(\b(TO)" R"(DO|FIX)" R"(ME)\b)", {"TO" "DO", "FIX" "ME"}, "", "finish it, or write it into an issue"},
    {"skipped", R"(\bGTEST_)" R"(SKIP\b|\bDIS)" R"(ABLED_)", {"GTEST_" "SKIP", "DIS" "ABLED_"}, "tests/", "a test that does not run proves nothing"},
    {"machine", R"((^|[^A-Za-z0-9_.])/(wor)" R"(k|roo)" R"(t|hom)" R"(e)/)", {"/wor" "k/", "/roo" "t/", "/hom" "e/"}, "",
     "a path of somebody's machine; nobody else has it"},
};
// Benchmarks wait for foreign servers, which can only be asked.
inline constexpr std::string_view kMaySleep = "tests/bench/";

// Sizes in lines. STYLE says 200, 400 and aims at 40 for a function; the guard bites a little later for functions.
inline constexpr std::size_t kHeaderLines = 200;
inline constexpr std::size_t kSourceLines = 400;
inline constexpr std::size_t kFunctionLines = 50;
inline constexpr std::size_t kTestLines = 100;  // one TEST, which may tell a longer story
inline constexpr std::size_t kMainLines = 150;  // a file of cli/ with a main()

// Folders that tell what lives in them, once they hold code.
inline const Names kFoldersWithReadme = {
    "base",          "schema",        "transcoders",   "policies",     "store",        "adapters",     "portal",
    "cli",           "tests",         "adapters/smtp", "adapters/imap", "adapters/jmap", "adapters/sms", "adapters/ivr",
    "adapters/fax",  "adapters/s3",   "adapters/access"};

// The section of README.md that follows a message through files which must exist.
inline constexpr std::string_view kNineStops = "One message, nine stops";

}  // namespace telepost::style
