// The guard's own test: each rule finds a small tree that breaks it, and leaves the same tree alone once mended.
#include "tests/style/checks.h"

#include <gtest/gtest.h>

namespace telepost::style {
namespace {

SourceTree tree_of(std::map<std::string, std::string> files) { return {std::move(files)}; }

std::size_t ladder_findings(const std::string& path, const std::string& include) {
  return check_ladder(tree_of({{path, "#include \"" + include + "\"\n"}})).size();
}

std::string lines(std::size_t count, const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line + "\n";
  return text;
}

TEST(StyleGuard, FindsWhatShouldNotStandAtTheRoot) {
  EXPECT_EQ(check_root(tree_of({{"notes", ""}, {"store/README.md", ""}, {".ci/run", ""}, {"README.md", ""}, {"tools/x", ""}})).size(), 2u);
}

TEST(StyleGuard, FindsAnIncludeUpTheLadder) {
  EXPECT_EQ(ladder_findings("base/bytes.cc", "schema/ids.h"), 1u);
  EXPECT_EQ(ladder_findings("store/deliver.cc", "adapters/net/tls.h"), 1u);
  EXPECT_EQ(ladder_findings("adapters/smtp/session.cc", "cli/serve.h"), 1u);
  EXPECT_EQ(ladder_findings("store/deliver.cc", "schema/ids.h"), 0u);
  EXPECT_EQ(ladder_findings("tests/unit/a_test.cc", "cli/serve.h"), 0u);
}

TEST(StyleGuard, FindsASiblingInclude) {
  EXPECT_EQ(ladder_findings("transcoders/mime/scanner.cc", "policies/delivery.h"), 1u);
  EXPECT_EQ(ladder_findings("policies/delivery.cc", "transcoders/mime/scanner.h"), 1u);
  EXPECT_EQ(ladder_findings("adapters/smtp/session.cc", "adapters/imap/codec.h"), 1u);
  EXPECT_EQ(ladder_findings("adapters/net/listener.cc", "adapters/smtp/codec.h"), 1u);
  EXPECT_EQ(ladder_findings("adapters/smtp/session.cc", "adapters/smtp/codec.h"), 0u);
  EXPECT_EQ(ladder_findings("adapters/smtp/session.cc", "adapters/net/listener.h"), 0u);
}

TEST(StyleGuard, FindsVoiceOrFaxThatIncludesTheStore) {
  EXPECT_EQ(ladder_findings("adapters/ivr/menu.cc", "store/deliver.h"), 1u);
  EXPECT_EQ(ladder_findings("adapters/fax/session.cc", "store/store.h"), 1u);
  EXPECT_EQ(ladder_findings("adapters/smtp/commands.cc", "store/deliver.h"), 0u);
}

TEST(StyleGuard, FindsAnIncludeThatDoesNotStartAtTheRoot) {
  EXPECT_EQ(ladder_findings("store/deliver.cc", "deliver.h"), 1u);
}

std::size_t library_findings(const std::string& path, const std::string& header) {
  return check_libraries(tree_of({{path, "#include <" + header + ">\n"}})).size();
}

TEST(StyleGuard, FindsALibraryOutsideItsRoom) {
  EXPECT_EQ(library_findings("store/deliver.cc", "rocksdb/db.h"), 1u);
  EXPECT_EQ(library_findings("store/engine/rocksdb_engine.cc", "rocksdb/db.h"), 0u);
  EXPECT_EQ(library_findings("store/committer.cc", "boost/asio.hpp"), 1u);
  EXPECT_EQ(library_findings("adapters/smtp/codec.cc", "boost/asio/buffer.hpp"), 1u);
  EXPECT_EQ(library_findings("adapters/smtp/session.cc", "boost/asio/buffer.hpp"), 0u);
  EXPECT_EQ(library_findings("schema/document.cc", "xercesc/sax2/SAX2XMLReader.hpp"), 1u);
  EXPECT_EQ(library_findings("store/deliver.cc", "mimetic/mimetic.h"), 1u);
  EXPECT_EQ(library_findings("adapters/jmap/email.cc", "libavcodec/avcodec.h"), 1u);
  EXPECT_EQ(library_findings("store/records.cc", "nlohmann/json.hpp"), 1u);
  EXPECT_EQ(library_findings("adapters/jmap/login.cc", "argon2.h"), 1u);
}

TEST(StyleGuard, FindsNamesThatSayNothing) {
  EXPECT_EQ(check_names(tree_of({{"store/account_manager.cc", ""}})).size(), 1u);
  EXPECT_EQ(check_names(tree_of({{"store/utils/text.cc", ""}})).size(), 1u);
  EXPECT_EQ(check_names(tree_of({{"store/a.h", "class CallInfo {\n"}})).size(), 1u);
  EXPECT_EQ(check_names(tree_of({{"store/a.h", "struct ListenerBase;\nenum class MiscKind : int {\n"}})).size(), 1u);
  EXPECT_EQ(check_names(tree_of({{"store/a.h", "struct ListenerBase {\nenum class MiscKind : int {\n"}})).size(), 2u);
}

TEST(StyleGuard, LetsTheNounsOfAnRfcAloneWhereTheyBelong) {
  EXPECT_TRUE(check_names(tree_of({{"adapters/smtp/data_codec.h", "struct DataCommand {\n"}})).empty());
  EXPECT_EQ(check_names(tree_of({{"adapters/imap/data_codec.h", "struct DataCommand {\n"}})).size(), 2u);
}

TEST(StyleGuard, LetsWordsThatOnlyHoldABannedOneAlone) {
  EXPECT_TRUE(check_names(tree_of({{"base/database.h", "class Metadata {};\nusing Information = int;\n"}})).empty());
  EXPECT_TRUE(check_names(tree_of({{"base/a.h", "// class FooManager {\nauto s = \"struct AInfo {\";\n"}})).empty());
}

TEST(StyleGuard, FindsSleepsInTestsAlone) {
  std::string sleeps = "  std::this_thread::sleep_for(1s);\n";
  EXPECT_EQ(check_banned_texts(tree_of({{"tests/unit/a_test.cc", sleeps}})).size(), 1u);
  EXPECT_EQ(check_banned_texts(tree_of({{"tests/interop/a_test.py", "time.sleep(1)\n"}})).size(), 1u);
  EXPECT_TRUE(check_banned_texts(tree_of({{"store/workers.cc", sleeps}})).empty());
}

TEST(StyleGuard, FindsUnfinishedWorkSkippedTestsAndMachinePaths) {
  EXPECT_EQ(check_banned_texts(tree_of({{"store/a.cc", "// TO" "DO: mend\n"}})).size(), 1u);
  EXPECT_EQ(check_banned_texts(tree_of({{"tests/unit/a_test.cc", "TEST(A, DIS" "ABLED_B)\n"}})).size(), 1u);
  EXPECT_EQ(check_banned_texts(tree_of({{"script/run", "cd /ho" "me/ann/telepost\n"}})).size(), 1u);
  EXPECT_TRUE(check_banned_texts(tree_of({{"script/run", "cd a/ho" "me/b\n"}})).empty());
}

TEST(StyleGuard, FindsLongFiles) {
  EXPECT_EQ(check_sizes(tree_of({{"store/a.h", lines(201, "int x;")}})).size(), 1u);
  EXPECT_EQ(check_sizes(tree_of({{"store/a.cc", lines(401, "int x;")}})).size(), 1u);
  EXPECT_TRUE(check_sizes(tree_of({{"store/a.h", lines(200, "int x;")}, {"store/b.cc", lines(400, "int x;")}})).empty());
}

TEST(StyleGuard, FindsLongFunctions) {
  auto source = [](std::size_t count) {
    return "namespace a {\nclass B {\n  int c() const {\n" + lines(count, "    if (x) { y(); }") + "  }\n};\n}\n";
  };
  Findings findings = check_sizes(tree_of({{"store/a.cc", source(49)}}));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings.front().line, 3u);
  EXPECT_TRUE(check_sizes(tree_of({{"store/a.cc", source(48)}})).empty());
}

TEST(StyleGuard, SeesFunctionsThroughLiteralsAndInitializers) {
  std::string source =
      "constexpr std::string_view kA = \"f() {\";  // g() {\n"
      "const std::map<int, int> kB = {{1, f(2)}};\n"
      "A::A(int b)\n    : b_{b}, c_(b) {\n  auto d = [&](int e) { return e; };\n}\n"
      "#define K(a) \\\n  f(a) {\n"
      "const char* kG = R\"x(h() {)x\";\n"
      "int i(char j) { return j == '{' ? 1'000 : 2; }\n";
  std::vector<Function> functions = functions_of(source);
  ASSERT_EQ(functions.size(), 2u);
  EXPECT_EQ(functions[0].name, "A::A");
  EXPECT_EQ(functions[0].line, 3u);
  EXPECT_EQ(functions[0].lines, 4u);
  EXPECT_EQ(functions[1].lines, 1u);
}

TEST(StyleGuard, FindsThickOrStrayMains) {
  EXPECT_EQ(check_mains(tree_of({{"cli/main.cc", "int main() {\n" + lines(150, "x();") + "}\n"}})).size(), 1u);
  EXPECT_EQ(check_mains(tree_of({{"store/tool.cc", "int main() {}\n"}})).size(), 1u);
  EXPECT_TRUE(check_mains(tree_of({{"cli/main.cc", "int main() {}\n"}})).empty());
}

TEST(StyleGuard, FindsFoldersWithoutReadme) {
  EXPECT_EQ(check_folder_readmes(tree_of({{"store/a.cc", ""}})).size(), 1u);
  EXPECT_TRUE(check_folder_readmes(tree_of({{"store/a.cc", ""}, {"store/README.md", ""}})).empty());
  EXPECT_TRUE(check_folder_readmes(tree_of({{"store/CMakeLists.txt", ""}})).empty());
}

TEST(StyleGuard, FindsAReadmeThatNamesWhatIsNotThere) {
  std::map<std::string, std::string> files = {
      {"README.md", "See [the design](docs/design.md) and `store/deliver`.\n\n    script/run\n"},
      {"docs/design.md", ""}, {"store/deliver.h", ""}, {"script/run", ""}};
  EXPECT_TRUE(check_readme_paths(tree_of(files)).empty());
  for (const char* path : {"docs/design.md", "store/deliver.h", "script/run"}) {
    std::map<std::string, std::string> broken = files;
    broken.erase(path);
    EXPECT_EQ(check_readme_paths(tree_of(broken)).size(), 1u) << path;
  }
  EXPECT_EQ(check_readme_paths(tree_of({})).size(), 1u);
}

TEST(StyleGuard, FindsAReadmeThatNamesACommandThatIsNotThere) {
  std::string source = "if (verb == \"message\") on(\"list\");\n";
  auto findings = [&](const std::string& readme) {
    return check_readme_commands(tree_of({{"README.md", readme}, {"cli/commands.cc", source}})).size();
  };
  EXPECT_EQ(findings("Say `telepost message list ann@example.test --json`.\n"), 0u);
  EXPECT_EQ(findings("    build/release/telepost message list\n"), 0u);
  EXPECT_EQ(findings("Say `telepost massage list`.\n"), 1u);
  EXPECT_EQ(findings("Say `telepost message lost`.\n"), 1u);
  EXPECT_EQ(findings("What telepost does with a message\n"), 0u);
}

TEST(StyleGuard, FindsStopsThatAreNotThere) {
  std::string readme = "# T\n## One message, nine stops\n";
  for (int i = 1; i <= 9; ++i) readme += std::to_string(i) + ". `store/deliver` makes a `store::Incoming` with `run()`\n";
  readme += "## Next\n10. `store/nothing`\n";
  std::map<std::string, std::string> files = {
      {"README.md", readme}, {"store/deliver.h", "struct Incoming {};\nvoid run();\n"}};
  EXPECT_TRUE(check_nine_stops(tree_of(files)).empty());
  EXPECT_EQ(check_nine_stops(tree_of({{"README.md", readme}, {"store/deliver.h", "struct Incoming {};\n"}})).size(), 9u);
  files["README.md"] = "# T\n";
  EXPECT_EQ(check_nine_stops(tree_of(files)).size(), 1u);
}

TEST(StyleGuard, CountsStopsOfATableToo) {
  std::string readme = "## One message, nine stops\n| stop | file |\n|---|---|\n";
  for (int i = 1; i <= 9; ++i) readme += "| " + std::to_string(i) + " | `store/deliver.h` |\n";
  EXPECT_TRUE(check_nine_stops(tree_of({{"README.md", readme}, {"store/deliver.h", ""}})).empty());
  EXPECT_EQ(check_nine_stops(tree_of({{"README.md", readme + "| 10 | `store/deliver.h` |\n"}, {"store/deliver.h", ""}})).size(), 1u);
}

TEST(StyleGuard, AllowsOnlyWithAReasonAndOnlyWhatIsNeeded) {
  Findings findings = {{"size", "store/a.cc", 0, "long"}};
  EXPECT_TRUE(without_allowed(findings, "# why\nsize store/a.cc a table of one idea\n").empty());
  EXPECT_EQ(without_allowed(findings, "").size(), 1u);
  EXPECT_EQ(without_allowed(findings, "size store/a.cc\n").size(), 1u);
  EXPECT_EQ(without_allowed({}, "size store/a.cc a table of one idea\n").size(), 1u);
}

}  // namespace
}  // namespace telepost::style
