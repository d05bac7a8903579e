#include "schema/configuration.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "schema/setting.h"

namespace telepost::schema {
namespace {

std::string file(const std::string& path) {
  std::ifstream in(std::string(TELEPOST_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string error_of(std::string_view toml, const std::vector<std::string>& overrides = {}) {
  const auto result = parse_configuration(toml, "t.toml", overrides);
  return result.ok() ? "no error" : result.error().detail;
}

Configuration parsed(std::string_view toml, const std::vector<std::string>& overrides = {}) {
  auto result = parse_configuration(toml, "t.toml", overrides);
  EXPECT_TRUE(result.ok()) << result.error().detail;
  return result.ok() ? *result : Configuration();
}

TEST(Configuration, OfAnEmptyFileIsTheDefaults) { EXPECT_TRUE(parsed("") == Configuration()); }

TEST(Configuration, TakesEveryKeyOfAFile) {
  const Configuration c = parsed(R"(
    server = { threads = 3, drain_timeout = "PT2S" }
    [store]
    path = "/var/lib/telepost"
    heads = 5_000
    reserve = "20GiB"
    cache = 1073741824
    [smtp]
    listen = ["0.0.0.0:25", "[::]:25"]
    hostname = "mx.example.test"
    max_message_size = "25MB"
    max_recipients = 100
    max_connections = 7
    max_connections_per_peer = 2
    command_timeout = "PT1M30S"
    data_timeout = "PT0.5S"
    [lmtp]
    listen = "unix:/run/telepost/lmtp.sock"
    [admin]
    listen = []
    [[services]]
    name = "phone"
    listen = ["unix:/run/telepost/phone.sock"]
    peer_uids = [0, 4294967295]
    [[services]]
    name = "fax"
    listen = ["127.0.0.1:0", "[::1]:26"]
    trusted = true
    [[domains]]
    name = "Example.TEST"
    create = true
    [[domains]]
    name = "bücher.test"
    class = "gold"
    [[numbers]]
    prefix = "+1555"
    [[numbers]]
    prefix = "+4930"
    create = false
    [create]
    per_peer_hour = 0
    [policies]
    path = "/etc/telepost/policies"
    [log]
    level = "warning"
    [clock]
    max_jump = "PT1H"
    max_stop = "P1Y"
    [changes]
    keep = "P2W"
    [reclaim]
    grace = "PT0.001S")");
  EXPECT_EQ(c.threads, 3U);
  EXPECT_EQ(c.drain_timeout, std::chrono::seconds(2));
  EXPECT_EQ(c.store.path, "/var/lib/telepost");
  EXPECT_EQ(c.store.heads, 5000U);
  EXPECT_EQ(c.store.reserve.bytes_of(std::uint64_t{1} << 50), std::uint64_t{20} << 30);
  EXPECT_EQ(c.store.cache_bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(c.smtp.listen, (Endpoints{{"0.0.0.0", 25, {}}, {"::", 25, {}}}));
  EXPECT_EQ(c.smtp.hostname, "mx.example.test");
  EXPECT_EQ(c.smtp.max_message_bytes, 25'000'000U);
  EXPECT_EQ(c.smtp.max_recipients, 100U);
  EXPECT_EQ(c.smtp.max_connections, 7U);
  EXPECT_EQ(c.smtp.max_connections_per_peer, 2U);
  EXPECT_EQ(c.smtp.command_timeout, std::chrono::seconds(90));
  EXPECT_EQ(c.smtp.data_timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(c.lmtp.listen, (Endpoints{{"", 0, "/run/telepost/lmtp.sock"}}));
  EXPECT_EQ(c.lmtp.max_recipients, 2000U);
  EXPECT_TRUE(c.admin.listen.empty());
  EXPECT_EQ(c.services,
            (std::vector<Service>{{"phone", {{"", 0, "/run/telepost/phone.sock"}}, {0, 4294967295U}, false},
                                  {"fax", {{"127.0.0.1", 0, {}}, {"::1", 26, {}}}, {}, true}}));
  EXPECT_EQ(c.domains, (std::vector<Domain>{{"example.test", "standard", true},
                                            {"b\xc3\xbc"
                                             "cher.test",
                                             "gold", false}}));
  EXPECT_EQ(c.numbers, (std::vector<NumberRange>{{"+1555", "standard", true}, {"+4930", "standard", false}}));
  EXPECT_EQ(c.create_per_peer_hour, 0U);
  EXPECT_EQ(c.policies_path, "/etc/telepost/policies");
  EXPECT_EQ(c.log_level, log::Level::warning);
  EXPECT_EQ(c.clock_max_jump, std::chrono::hours(1));
  EXPECT_EQ(c.clock_max_stop, std::chrono::hours(365 * 24));
  EXPECT_EQ(c.changes_keep, std::chrono::hours(14 * 24));
  EXPECT_EQ(c.reclaim_grace, std::chrono::milliseconds(1));
}

TEST(Configuration, ReservesAShareButAtLeastAGibibyte) {
  const Reserve reserve = parsed("").store.reserve;
  EXPECT_EQ(reserve.bytes_of(std::uint64_t{1000} << 30), std::uint64_t{50} << 30);
  EXPECT_EQ(reserve.bytes_of(std::uint64_t{2} << 30), std::uint64_t{1} << 30);
  EXPECT_EQ(parsed("", {"store.reserve=1MiB"}).store.reserve.bytes_of(std::uint64_t{1000} << 30),
            std::uint64_t{1} << 20);
  EXPECT_EQ(parsed("", {"store.reserve=0"}).store.reserve.bytes_of(1000), 0U);
}

TEST(Configuration, SaysWhereAnErrorIsAndWhatToDo) {
  EXPECT_EQ(error_of("[store]\n  heads = \"many\"\n"),
            "t.toml:2:11: store.heads wants a whole number from 16 to 100000000; for example heads = 100000");
  EXPECT_EQ(error_of("[store]\nhead = 5"), "t.toml:2:8: unknown key 'store.head'; did you mean store.heads?");
  EXPECT_EQ(error_of("colour = 'red'"),
            "t.toml:1:10: unknown key 'colour'; remove it, or see the sample telepost.toml");
  EXPECT_EQ(error_of("store = 3"), "t.toml:1:9: store is a table; write [store] and its keys below");
  EXPECT_EQ(error_of("[[domains]]\nname = 'a.test'\n\n[[domains]]\ncreate = true"),
            "t.toml:4:1: this [[domains]] needs a name");
  EXPECT_EQ(error_of("[[domains]]\nname='a.test'\n[[domains]]\nname='A.test'"),
            "t.toml:3:1: 'a.test' stands twice in domains");
  EXPECT_EQ(error_of("[smtp]\nlisten = ['127.0.0.1:25',\n 'localhost:25']").substr(0, 12), "t.toml:3:2: ");
  EXPECT_EQ(
      error_of("", {"store.heads=many"}),
      "--set store.heads: store.heads wants a whole number from 16 to 100000000; for example heads = 100000");
  EXPECT_EQ(error_of("", {"store.heads"}), "--set store.heads: write --set key=value");
  EXPECT_EQ(error_of("a = [1,\n b").substr(0, 9), "t.toml:2:");
}

TEST(Configuration, RefusesBadValues) {
  for (const char* toml :
       {"[store]\nheads = 0",
        "[store]\nheads = 1.5",
        "[store]\nheads = -1",
        "[store]\npath = ''",
        "[store]\nengine = 'mysql'",
        "[store]\nreserve = '101%'",
        "[store]\nreserve = 'nan%'",
        "[store]\nreserve = 'x'",
        "[store]\nreserve = true",
        "[smtp]\nmax_message_size = '50 apples'",
        "[smtp]\nmax_message_size = '99999999999TiB'",
        "[smtp]\nmax_message_size = 1",
        "[smtp]\ncommand_timeout = 5",
        "[smtp]\ncommand_timeout = '5m'",
        "[smtp]\ncommand_timeout = 'PT0S'",
        "[smtp]\ncommand_timeout = '-PT5S'",
        "[smtp]\ncommand_timeout = 'P1M1Y'",
        "[smtp]\ncommand_timeout = 'PT'",
        "[smtp]\nhostname = 5",
        "[smtp]\nhostname = \"a\\u0000b\"",
        "[smtp]\nlisten = ['25']",
        "[smtp]\nlisten = ['::1:25']",
        "[smtp]\nlisten = ['127.0.0.1:65536']",
        "[smtp]\nlisten = ['127.0.0.1:']",
        "[smtp]\nlisten = ['[127.0.0.1]:25']",
        "[smtp]\nlisten = ['unix:relative']",
        "[smtp]\nlisten = [25]",
        "[smtp]\nlisten = [['127.0.0.1:25']]",
        "[log]\nlevel = 'loud'",
        "domains = 'example.test'",
        "[[domains]]\nname = 'no space'",
        "[[domains]]\nname = '-a.test'",
        "[[domains]]\nname = 'a..test'",
        "[[domains]]\nname = 'a.test'\nclass = ''",
        "[[domains]]\nname = 'a.test'\ncreate = 'yes'",
        "[[numbers]]\nprefix = '1555'",
        "[[numbers]]\nprefix = '+'",
        "[[numbers]]\nprefix = '+1a'",
        "[[numbers]]\nprefix = 1555",
        "[[services]]\nname = 'x'\nlisten = []",
        "[[services]]\nname = 'x'\nlisten = ['127.0.0.1:26']",
        "[[services]]\nname = 'x'\nlisten = ['10.0.0.1:26']\ntrusted = true",
        "[[services]]\nname = 'x'\nlisten = ['127.0.0.1:26']\ntrusted = true\npeer_uids = [5]",
        "[[services]]\nname = 'x'\nlisten = ['unix:/x']\npeer_uids = [-1]",
        "[store]\nheads = 2026-01-01",
        "[store]\n[store]"}) {
    EXPECT_NE(error_of(toml), "no error") << toml;
    EXPECT_TRUE(error_of(toml).starts_with("t.toml:")) << error_of(toml);
  }
}

TEST(Configuration, TakesOverridesOverTheFile) {
  const Configuration c =
      parsed("[store]\nheads = 20\npath = 'a'\n[smtp]\nlisten = ['127.0.0.1:25', '127.0.0.1:26']",
             {"store.heads=30", "smtp.listen=127.0.0.1:0", "lmtp.listen=[\"[::1]:1\", \"[::1]:2\"]",
              "store.path=/data dir/x", "log.level=debug", "smtp.hostname=10", "store.cache=2MiB",
              "smtp.max_message_size=\"1MB\"", "domains=[{name=\"a.test\",create=true},{name=\"b.test\"}]",
              "numbers={prefix=\"+1\"}", "clock.max_jump=PT2H", "store.heads=40", "admin.listen=[]",
              "policies.path="});
  EXPECT_EQ(c.store.heads, 40U);
  EXPECT_EQ(c.store.path, "/data dir/x");
  EXPECT_EQ(c.store.cache_bytes, 2U << 20);
  EXPECT_EQ(c.smtp.listen, (Endpoints{{"127.0.0.1", 0, {}}}));
  EXPECT_EQ(c.smtp.hostname, "10");
  EXPECT_EQ(c.smtp.max_message_bytes, 1'000'000U);
  EXPECT_EQ(c.lmtp.listen, (Endpoints{{"::1", 1, {}}, {"::1", 2, {}}}));
  EXPECT_EQ(c.log_level, log::Level::debug);
  EXPECT_EQ(c.domains, (std::vector<Domain>{{"a.test", "standard", true}, {"b.test", "standard", false}}));
  EXPECT_EQ(c.numbers, (std::vector<NumberRange>{{"+1", "standard", true}}));
  EXPECT_EQ(c.clock_max_jump, std::chrono::hours(2));
  EXPECT_TRUE(c.admin.listen.empty());
  EXPECT_EQ(c.policies_path, "");
}

TEST(Configuration, EndsOnTextThatIsDeepRatherThanTheStack) {
  std::string dots = "a";
  for (int i = 0; i < 500'000; ++i) dots += ".a";
  EXPECT_NE(error_of(dots + " = 1"), "no error");
  EXPECT_NE(error_of("a = " + std::string(100'000, '[')), "no error");
  EXPECT_NE(error_of(std::string(kMaxSettingsBytes + 1, ' ')), "no error");
  EXPECT_NE(error_of("", {dots + "=1"}), "no error");
}

TEST(Configuration, TakesLettersBeyondAsciiInTextsAndComments) {
  const std::string u = "\xc8\xb2";  // U+0232, for which toml++ 3.3 is undefined outside of texts
  for (const std::string& good :
       {"# " + u + "\n", "log.level = 'info' # " + u, std::string("\xef\xbb\xbflog.level = 'info'"),
        "policies.path = \"\\\"" + u + "\"", "policies.path = '\\" + u + "' # '",
        std::string("policies.path = \"\"\"a\"\"\"\"\""), "policies.path = \"\" # " + u,
        "policies.path = '''\n" + u + "'''", "policies.path = \"\"\"\\\n" + u + "\"\"\""}) {
    EXPECT_EQ(error_of(good), "no error") << good;
  }
  const auto place_of_fault = [](const std::string& toml) { return error_of(toml).substr(0, 10); };
  EXPECT_EQ(place_of_fault("#\nlog" + u + ".level = 'info'"), "t.toml:2:4");
  EXPECT_EQ(place_of_fault("log.level = " + u), "t.toml:1:1");
  EXPECT_EQ(place_of_fault("log.level = 'info' " + u), "t.toml:1:2");
  EXPECT_EQ(place_of_fault("log.level=5%\"b%.." + u + "nix]:25"), "t.toml:1:1");
}

TEST(Configuration, DefaultsOfTheKeyTableAreTheDefaults) {
  std::set<std::string_view> names;
  for (const ConfigurationKey& key : configuration_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_FALSE(key.type.empty() || key.sentence.empty()) << key.name;
    if (key.name.find("[]") != std::string_view::npos) continue;
    EXPECT_TRUE(parsed("", {key.name + "=" + std::string(key.fallback)}) == Configuration()) << key.name;
  }
}

TEST(Configuration, TheLogOfVisitsIsTurnedOffOrToldLess) {
  EXPECT_EQ(parsed("[visits]\nkeep = \"PT0S\"").visits.keep, Duration(0));
  EXPECT_EQ(parsed("[visits]\nkeep = \"P2D\"").visits.keep, std::chrono::days(2));
  const VisitSettings some = parsed("[visits]\nevents = [\"refused\"]").visits;
  EXPECT_TRUE(some.refused && !some.accepted && !some.connections);
  const VisitSettings none = parsed("[visits]\nevents = []").visits;
  EXPECT_FALSE(none.refused || none.accepted || none.connections);
  EXPECT_EQ(error_of("[visits]\nevents = [\"all\"]"), "t.toml:2:10: visits.events wants refused, accepted and connections, or some of them; "
                                                      "for example events = [\"refused\", \"accepted\", \"connections\"]");
}

TEST(Configuration, KeysStandInTheReadme) {
  const std::string readme = file("schema/README.md");
  for (const ConfigurationKey& key : configuration_keys()) {
    const std::string fallback = key.fallback.empty() ? "" : "`" + std::string(key.fallback) + "`";
    const std::string row = "| `" + key.name + "` | " + std::string(key.type) + " | " + fallback + " | " +
                            std::string(key.sentence) + " |\n";
    EXPECT_NE(readme.find(row), std::string::npos) << "schema/README.md lacks: " << row;
  }
}

// The sample's convention: "#key = value" is a default, "# key = value" an example.
TEST(Configuration, SampleFileParsesAndShowsEveryKeyWithItsDefault) {
  const std::string sample = file("schema/telepost.toml");
  ASSERT_FALSE(sample.empty());
  EXPECT_TRUE(parsed(sample) == Configuration());
  std::string defaults;
  std::string examples;
  std::set<std::string> shown;
  std::string section;
  std::istringstream lines(sample);
  for (std::string line; std::getline(lines, line);) {
    const bool example =
        line.starts_with("# [[") ||
        (line.starts_with("# ") && line.find(" = ") != std::string::npos && section.ends_with("[]"));
    if (line.starts_with("[")) section = line.substr(1, line.find(']') - 1);
    if (line.starts_with("# [["))
      section = line.substr(4, line.find(']') - 4) + "[]",
      shown.insert(section.substr(0, section.size() - 2));
    const bool setting = line.starts_with("#") && line.size() > 1 && line[1] != ' ';
    if (setting) shown.insert(section + "." + line.substr(1, line.find(' ') - 1));
    if (example && !line.starts_with("# [["))
      shown.insert(section + "." + line.substr(2, line.find(' ', 2) - 2));
    defaults += (setting ? line.substr(1) : line) + "\n";
    if (example) examples += line.substr(2) + "\n";
  }
  EXPECT_TRUE(parsed(defaults) == Configuration());
  EXPECT_EQ(parsed(examples).domains, (std::vector<Domain>{{"example.test", "standard", false}}));
  EXPECT_EQ(parsed(examples).services.size(), 1U);
  for (const ConfigurationKey& key : configuration_keys()) EXPECT_TRUE(shown.contains(key.name)) << key.name;
  EXPECT_EQ(shown.size(), configuration_keys().size());
}

TEST(Configuration, IsFoundInTheOrderThatTheReadmeGives) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("telepost_configuration_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto with = [&](const std::string& name, const std::string& threads) {
    std::ofstream(folder / name) << "[server]\nthreads = " << threads << "\n";
    return (folder / name).string();
  };
  ConfigurationSource source;
  source.system_file = (folder / "system.toml").string();
  std::optional<std::string> variable;
  source.environment = [&](const char* name) {
    return std::string_view(name) == "TELEPOST_CONFIG" ? variable : std::nullopt;
  };
  EXPECT_EQ(load_configuration(source)->file, "");
  EXPECT_TRUE(load_configuration(source)->configuration == Configuration());
  with("system.toml", "1");
  EXPECT_EQ(load_configuration(source)->configuration.threads, 1U);
  variable = with("variable.toml", "2");
  EXPECT_EQ(load_configuration(source)->configuration.threads, 2U);
  source.file = with("named.toml", "3");
  EXPECT_EQ(load_configuration(source)->configuration.threads, 3U);
  EXPECT_EQ(load_configuration(source)->file, *source.file);
  source.overrides = {"server.threads=4"};
  EXPECT_EQ(load_configuration(source)->configuration.threads, 4U);
  source.file = (folder / "missing.toml").string();
  EXPECT_EQ(load_configuration(source).error().kind, Errc::not_found);
  source.file = folder.string();
  EXPECT_EQ(load_configuration(source).error().kind, Errc::io);
  source.overrides.clear();
  source.file = with("bad.toml", "'many'");
  EXPECT_TRUE(
      load_configuration(source).error().detail.starts_with(*source.file + ":2:11: server.threads wants"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace telepost::schema
