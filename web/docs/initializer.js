// Starts the page. A file of its own, because the page's policy allows no script inside the HTML.
"use strict";
window.addEventListener("DOMContentLoaded", () => {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    // Of a fragment that names a problem it would make one of its own.
    deepLinking: !location.hash.startsWith("#problem"),
    tryItOutEnabled: true,
    persistAuthorization: false,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
