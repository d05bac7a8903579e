// A sender of mail on a plain socket, SMTP or LMTP, that knows which replies it has read. For tests that end the server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::test {

class SmtpSender {
 public:
  enum class Mode { smtp, lmtp };
  SmtpSender(const std::string& endpoint, Mode mode);  // "127.0.0.1:40123"
  ~SmtpSender();
  SmtpSender(const SmtpSender&) = delete;
  SmtpSender& operator=(const SmtpSender&) = delete;

  bool open() const { return fd_ >= 0; }  // false once the peer went away
  // One message. The reply text behind "250 " for each recipient (SMTP: the one reply for all of them); none where the reply
  // was another or never came. `text` has CRLF lines and no line that begins with a dot.
  std::vector<std::optional<std::string>> send(const std::vector<std::string>& to, std::string_view text, const std::string& envid = "");

 private:
  bool write(std::string_view bytes);
  std::string reply();  // the last line of the next reply, without its end; "" once the peer went away
  bool expect(std::string_view command, char kind);
  void close();

  const Mode mode_;
  int fd_ = -1;
  std::string buffer_;
};

}  // namespace telepost::test
