// The widget asks for a token before each request: whoever is signed in to the shop is known to the assistant too.
window.Namedrop = {
  async token() {
    const answer = await fetch("/chat-token");
    if (!answer.ok) throw new Error(`no token: ${answer.status}`);
    return answer.text();
  },
};
