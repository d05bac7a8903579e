// Plays a .dialog file against a real server over real sockets. A file is read from its top; "#" begins a comment line.
//
//   connect NAME       a new connection, which the following steps use; earlier ones stay open
//   tls                shakes hands as the connecting side; what follows goes through TLS
//   use N              back to the Nth connection (from 1)
//   C: text            sends the text and CRLF; C: steps in a row leave in one write
//   C+: text           sends the text alone
//   repeat N C: text   the C: step N times
//   W:                 shuts the sending side down
//   S: pattern         one line must come and match: "*" is any text, the rest stands for itself
//   S+: pattern        a reply of any number of lines: its last line must match
//   S?: pattern        the same: one of its lines must match
//   S!: pattern        the same: none of its lines may match
//   E:                 the server must close (a reset counts)
//   T: 301s pattern    as S:, but while nothing comes the server's clock is moved on, 301 seconds a step
//   anything else      is a step of the stage (accounts, settings, what the store holds)
// In C: and C+: the escapes \r \n \t \0 \\ and \xNN stand for bytes, and {WORD ARGUMENTS} for what the stage makes of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::test {

struct Step {
  int line = 0;
  std::string word;  // "C:", "connect", …
  std::string text;
};
Result<std::vector<Step>> read_dialog(const std::string& path);

// The server that a dialogue is played against, and what lies behind it.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual Result<std::uint16_t> port_of(std::string_view listener) = 0;  // on 127.0.0.1; starts the server when it must
  virtual void advance(std::chrono::milliseconds time) = 0;
  virtual Result<void> direct(const Step& step) = 0;
  virtual std::string expand(std::string_view words) { return "{" + std::string(words) + "}"; }
};

// Empty when every step went as written, else what went wrong, with its line.
std::string play(const std::vector<Step>& steps, Stage& stage);

bool matches(std::string_view pattern, std::string_view text);

}  // namespace telepost::test
