// Certificates for tests, made by the openssl command: a small authority, and what it signs.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "schema/configuration.h"
#include "tests/support/output_of.h"
#include "tests/support/temp_folder.h"

namespace telepost::test {

class Authority {
 public:
  Authority() {
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=Authority of tests' -keyout ca.key -out ca.pem");
  }
  const std::string& folder() const { return folder_.path(); }
  std::string file() const { return folder_ / "ca.pem"; }

  // For "mx.example.test,*.example.test"; the first is its common name. `key`: "ec", or "rsa:2048".
  schema::TlsCertificate issue(const std::string& name, const std::string& names, const std::string& key = "ec", int days = 2) const {
    const std::string kind = key == "ec" ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : "-newkey " + key;
    std::string alternatives = "subjectAltName=DNS:";
    for (const char c : names) alternatives += c == ',' ? std::string(",DNS:") : std::string(1, c);
    run("req " + kind + " -nodes -subj '/CN=" + names.substr(0, names.find(',')) + "' -addext '" + alternatives + "' -keyout " + name +
        ".key -out " + name + ".csr");
    run("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -days " + std::to_string(days) +
        " -out " + name + ".pem");
    return {folder_ / (name + ".pem"), folder_ / (name + ".key"), {}};
  }
  // What openssl prints for it, with the file's name behind: "x509 -noout -fingerprint -in".
  std::string print(const std::string& question, const std::string& file) const {
    return output_of("openssl " + question + " " + file);
  }

 private:
  void run(const std::string& arguments) const {
    const std::string command = "cd " + folder_.path() + " && openssl " + arguments + " 2>openssl.log";
    if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
  }
  TempFolder folder_;
};

}  // namespace telepost::test
