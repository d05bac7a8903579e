#include "tests/support/smtp_sender.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace telepost::test {

SmtpSender::SmtpSender(const std::string& endpoint, Mode mode) : mode_(mode) {
  const std::size_t colon = endpoint.rfind(':');
  if (colon == std::string::npos) return;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  ::inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr);
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const bool greeted = connected && reply().starts_with('2') && expect(mode_ == Mode::lmtp ? "LHLO client.test" : "EHLO client.test", '2');
  if (!greeted) close();
}

SmtpSender::~SmtpSender() { close(); }

std::vector<std::optional<std::string>> SmtpSender::send(const std::vector<std::string>& to, std::string_view text, const std::string& envid) {
  std::vector<std::optional<std::string>> replies(to.size());
  if (!expect("MAIL FROM:<sender@sender.test>" + (envid.empty() ? "" : " ENVID=" + envid), '2')) return replies;
  std::vector<std::size_t> accepted;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (expect("RCPT TO:<" + to[i] + ">", '2')) accepted.push_back(i);
  }
  if (!open() || accepted.empty() || !expect("DATA", '3')) {
    if (open()) expect("RSET", '2');
    return replies;
  }
  if (!write(std::string(text) + ".\r\n")) return replies;
  std::string answer;
  for (std::size_t k = 0; k < accepted.size(); ++k) {
    if (k == 0 || mode_ == Mode::lmtp) answer = reply();
    if (answer.starts_with("250 ")) replies[accepted[k]] = answer.substr(4);
  }
  return replies;
}

bool SmtpSender::expect(std::string_view command, char kind) {
  return write(std::string(command) + "\r\n") && reply().starts_with(kind);
}

bool SmtpSender::write(std::string_view bytes) {
  while (open() && !bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) close();
    else bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return open();
}

std::string SmtpSender::reply() {
  while (open()) {
    for (std::size_t end = buffer_.find("\r\n"); end != std::string::npos; end = buffer_.find("\r\n")) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      if (line.size() < 4 || line[3] != '-') return line;
    }
    char bytes[4096];
    const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (got <= 0) close();
    else buffer_.append(bytes, static_cast<std::size_t>(got));
  }
  return "";
}

void SmtpSender::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace telepost::test
