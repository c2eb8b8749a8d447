// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "apps/bowline/client_socket.h"
#include "bowline/base/result.h"

namespace bowline::apps {

// Whom a client trusts, and as whom it comes. Files are PEM.
struct ClientTlsOptions {
  std::string authorities;  // a file; empty: those that the machine trusts
  std::string certificate;  // ours, for a server that wants one; with its key
  std::string key;
  std::string server_name;        // the one that the server's certificate has, if not its address
  bool believes_anybody = false;  // whoever answers is taken for the server

  bool is_given() const;
};

// What these files say, ready for any number of connections.
class ClientTls {
  struct Parts;

 public:
  explicit ClientTls(std::unique_ptr<Parts>);  // for open()
  // Reads the files. The error is a sentence.
  static Result<std::shared_ptr<const ClientTls>> open(ClientTlsOptions);
  ~ClientTls();
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;

  // Greets over a connected socket, which it owns from now on. The error is a sentence that says
  // whose fault it is, and nothing has been asked of the server.
  Result<std::unique_ptr<ClientSocket>> greet(int socket, const std::string& address, Until) const;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace bowline::apps
