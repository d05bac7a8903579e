// What a server answers, and what a message makes us write. The first byte seeds how the content is cut into chunks.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/net/smtp_content_codec.h"
#include "adapters/net/smtp_reply_codec.h"
#include "base/bytes.h"
#include "tests/unit/smtp_data_model.h"

namespace {

namespace net = telepost::adapters::net;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_replies(std::string_view rest) {
  while (!rest.empty()) {
    const auto scanned = net::scan_smtp_reply(rest);
    if (!scanned.ok() || !*scanned) break;
    const net::SmtpReply& reply = (*scanned)->reply;
    require((*scanned)->size_bytes > 0 && (*scanned)->size_bytes <= rest.size());
    require(reply.code >= 200 && reply.code <= 599 && !reply.lines.empty() && reply.lines.size() <= net::kMaxReplyLines);
    for (const std::string& line : reply.lines) require(line.find_first_of("\r\n") == std::string::npos && telepost::is_valid_utf8(line));
    require(net::to_string(reply).size() <= 500);
    (void)net::extensions_of(reply);
    rest.remove_prefix((*scanned)->size_bytes);
  }
}

// Whatever the content: either it is refused, or a receiver finds it unchanged and its end where we put it.
void write_content(std::string_view content, unsigned seed) {
  net::DotStuffer stuffer;
  net::ContentSurvey survey;
  std::string wire;
  telepost::Result<void> written;
  for (std::string_view rest = content; !rest.empty();) {
    seed = seed * 1103515245u + 12345u;
    const std::string_view chunk = rest.substr(0, 1 + (seed >> 16) % 9);
    survey.feed(chunk);
    if (written.ok()) written = stuffer.append(wire, chunk);
    rest.remove_prefix(chunk.size());
  }
  if (written.ok()) written = stuffer.finish(wire);
  const net::ContentTraits traits = survey.finish();
  require(traits == net::survey(content));
  require(written.ok() == !(traits.bare_line_end || traits.longest_line > net::kMaxTextLine));
  if (!written.ok()) return;
  const telepost::test::DataModel model = telepost::test::model_of_data(wire);
  require(model.end && *model.end == wire.size() && !model.bare);
  require(model.content == std::string(content) + (traits.ends_in_crlf || content.empty() ? "" : "\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes + 1), size_bytes - 1);
  read_replies(input);
  write_content(input, bytes[0]);
  return 0;
}
