// The builder against another implementation: Python's email package reads what it writes and must see the same parts.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/bytes.h"
#include "base/clock.h"
#include "tests/support/output_of.h"
#include "transcoders/mime/builder.h"
#include "transcoders/mime/scanner.h"

namespace telepost::transcoders::mime {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// What mime_outline.py prints, from our own structure.
std::string outline(const fs::path& folder) {
  std::vector<fs::path> files(fs::directory_iterator(folder), fs::directory_iterator{});
  std::sort(files.begin(), files.end());
  std::string text;
  for (const fs::path& file : files) {
    const std::function<void(const schema::Part&, int)> add = [&](const schema::Part& part, int depth) {
      text += file.filename().string() + "\t" + std::to_string(depth) + "\t" + part.type;
      if (part.children.empty())
        text += "\t" + to_hex(*part.digest) + "\t" + part.filename + "\t" + part.charset;
      text += "\n";
      for (const schema::Part& child : part.children) add(child, depth + 1);
    };
    add(scan(read_file(file)).root, 0);
  }
  return text;
}

std::string oracle(const fs::path& folder) {
  return test::output_of("python3 '" TELEPOST_SOURCE_DIR "/tests/unit/mime_outline.py' '" + folder.string() + "'");
}

TEST(MimeOracle, PythonSeesTheSamePartsInWhatTheBuilderWrites) {
  const fs::path folder = fs::path(testing::TempDir()) / ("mime_builder_" + std::to_string(getpid()));
  fs::create_directories(folder);
  MessageFields fields{.from = {"Jörg, der Müller", "joerg@example.test"}, .to = {{"", "ann@example.test"}}};
  fields.date = *from_rfc3339("2026-11-20T16:25:30Z");
  fields.subject =
      "Größe und ein sehr langer Betreff, der über mehr als eine Zeile gehen muss, weil er so lang ist";
  const MediaPart audio{"audio/32kadpcm", std::string(1000, '\x7f'), "msg.726", "a@b", "", Duration(12300)};
  const MediaPart image{
      "image/png", std::string("\x89PNG\r\n\x1a\n\0\0", 10), "ein schönes \"Bild\".png", "i@b", "ä", {}};
  const MediaPart mail{"message/rfc822", "Subject: in\r\n\r\nbody\r\n", "", "", "", {}};
  const auto write = [&](const char* name, const Result<std::string>& message) {
    ASSERT_TRUE(message.ok()) << message.error().detail;
    std::ofstream(folder / (std::string(name) + ".eml"), std::ios::binary) << *message;
  };
  write("voice", build_voice(fields, audio, audio));
  write("fax", build_fax(fields, {"image/tiff", "II*\0", "fax.tiff", "", "", {}}, "cover"));
  write("sms", build_sms(fields, "schön\nund gut"));
  write("mms", build_mms(fields, "<smil/>", {image, {"text/plain", "hi", "", "t", "", {}}}));
  write("video", build_video(fields, {"video/mp4", "xyz", "v.mp4", "", "", Duration(1)}));
  write("image", build_image(fields, image, "look"));
  write("text", build_text(fields, "From here\nto there"));
  write("email", build_email(fields, "plain", "<p>ä</p>", {image, audio, mail}));
  write("related", build_email(fields, "plain", "<img src=\"cid:i@b\">", {audio}, {image}));
  EXPECT_EQ(outline(folder), oracle(folder));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace telepost::transcoders::mime
