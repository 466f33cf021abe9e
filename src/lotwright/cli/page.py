def page(plans):
    return ""
