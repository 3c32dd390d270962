// « Nouveau client » in a window beside the quote, so that nothing typed is lost; Django's own popups bring it back.
(() => {
  const link = document.getElementById("add_id_customer");
  if (!link) return;
  link.search = "?_to_field=id&_popup=1";
  link.dataset.popup = "yes";
  link.classList.add("related-widget-wrapper-link");
})();
